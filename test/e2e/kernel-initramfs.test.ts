/**
 * The kernel's own unpacker makes of an overlay archive the tree that was packed; of one with zstd after one
 * with gzip, whose names it replaces.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packOverlay } from '../../src/archive/pack/pack-overlay.js';
import { run } from '../../src/host/run.js';
import { makeCorpus } from '../integration/archive/corpus.js';
import { defaultRelease } from '../support/vm-release.js';

/**
 * Everything about the current directory that busybox can tell, the same program on both sides. What
 * the kernel and this test themselves put there is left out.
 */
const DESCRIBE = String.raw`
export LC_ALL=C
leave='-path ./dev -o -path ./root -o -path ./probe -o -path ./lib -o -path ./lib64 -o -path ./.onib'
list() { find . \( $leave \) -prune -o "$@" -print0 | sort -z; }
list ! -name . -type d | xargs -0 stat -c 'directory %n %f %u:%g %Y'
list ! -type d | xargs -0 stat -c 'other %n %f %u:%g %Y %s %t:%T %h'
list -type l | xargs -0 -n 1 readlink
list -type f | xargs -0 sha256sum
`;

const INIT = `#!/probe/busybox sh
export PATH=/probe
/probe/busybox --install -s /probe
cd /; sh /probe/describe | gzip -c | uuencode -m tree
poweroff -f
`;

let work: string;
const at = (name: string): string => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-initramfs-'));
  await mkdir(at('tree'));
  await makeCorpus(at('tree'));
  await mkdir(at('probe/probe'), { recursive: true });
  await writeFile(at('probe/probe/describe'), DESCRIBE);
  await writeFile(at('probe/probe/init'), INIT, { mode: 0o755 });
  const copy = `cp /bin/busybox probe/probe; mkdir -p probe/dev; mknod probe/dev/console c 5 1
    ldd /bin/busybox | sed -n 's,.*[ \\t]\\(/[^ ]*\\) (.*,\\1,p' | while read -r library; do
      mkdir -p "probe/\${library%/*}"; cp "$library" "probe/$library"
    done`;
  await run(['sh', '-euc', copy], { cwd: work });
});

afterAll(async () => {
  await rm(work, { recursive: true });
});

test('packOverlay() makes an archive that the kernel unpacks to the same tree', async () => {
  await packOverlay(at('tree'), at('overlay'));
  await packOverlay(at('tree'), at('overlay.zst'), { compressor: 'zstd' });
  const join =
    '(cd probe; find . | cpio -o -H newc --quiet) >initrd; cat overlay overlay.zst >>initrd';
  await run(['sh', '-euc', join], { cwd: work });
  const { store, release } = await defaultRelease();
  const kernel = release.artifacts.find(({ kind }) => kind === 'kernel');
  if (kernel === undefined) throw new Error('the default release has no kernel');
  const { stdout } = await run(
    [
      ...[
        'qemu-system-x86_64',
        '-accel',
        'tcg',
        '-m',
        '1G',
        '-nographic',
        '-nodefaults',
        '-no-reboot',
      ],
      ...['-serial', 'stdio', '-kernel', store.objectPath(kernel.digest), '-initrd', at('initrd')],
      // On a busy machine the emulator misses ticks, and the kernel would panic for want of a timer.
      ...['-append', 'console=ttyS0 loglevel=4 no_timer_check rdinit=/probe/init panic=-1'],
    ],
    { timeout: 600 },
  );
  const encoded = /begin-base64[^\n]*\n([A-Za-z0-9+/=\r\n]*?)\r?\n====/.exec(stdout)?.[1];
  expect(encoded, stdout.slice(-2000)).toBeDefined();
  expect(stdout).not.toMatch(/Initramfs unpacking failed/);
  const seen = gunzipSync(Buffer.from(encoded ?? '', 'base64')).toString('latin1');
  await run(['sh', '-euc', 'mkdir bin; busybox --install -s bin'], { cwd: work });
  const here = await run(
    [
      'sh',
      '-c',
      'PATH=$1; cd tree && sh "$2" | gzip -c | uuencode -m tree',
      'sh',
      at('bin'),
      at('probe/probe/describe'),
    ],
    { cwd: work },
  );
  const own = here.stdout.split('\n').slice(1, -2).join('\n');
  const expected = gunzipSync(Buffer.from(own, 'base64')).toString('latin1');
  expect(expected.split('\n').length).toBeGreaterThan(3000);
  expect(lines(seen)).toEqual(lines(expected));
});

/** Times are 32 bits without sign in the archive. */
function lines(text: string): string[] {
  const clamp = (time: string): string => String(Math.min(Math.max(Number(time), 0), 0xffffffff));
  return text
    .split('\n')
    .map((line) =>
      line.replace(
        / (\d+:\d+) (-?\d+)(?= |$)/,
        (_, owner: string, time: string) => ` ${owner} ${clamp(time)}`,
      ),
    );
}
