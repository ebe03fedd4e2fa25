/** `onib ls`, `cat`, `diff` and `verify` on a release with real archives in it. */
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packOverlay } from '../../../src/archive/pack/pack-overlay.js';
import { packSquashfs } from '../../../src/archive/pack/pack-squashfs.js';
import { main } from '../../../src/cli/main.js';
import { EXIT, type ExitCode } from '../../../src/core/errors.js';
import { run } from '../../../src/host/run.js';
import { packagePath } from '../../../src/core/package.js';
import { initProject } from '../../../src/project/scaffold/scaffold.js';
import { createStore, digestOf, type StoreFixture } from '../../support/store-fixture.js';
import { captureStreams } from '../../unit/cli/support/capture.js';
import { differencesOfShape, examplesIn } from './support/shape.js';

let work: string;
let project: string;
let store: StoreFixture;
let base: Buffer;

async function onib(...argv: string[]): Promise<{ exitCode: ExitCode; out: string; err: string }> {
  const captured = captureStreams();
  const exitCode = await main([...argv, '-C', project], captured.streams);
  return { exitCode, out: captured.out(), err: captured.err() };
}

const documented = examplesIn(await readFile(packagePath('docs/json.md'), 'utf8'));

function expectDocumented(line: string): void {
  const actual = JSON.parse(line) as { schema: string };
  const examples = documented.filter(({ schema }) => schema === actual.schema);
  const differences = examples.map((example) => differencesOfShape(example, actual));
  expect(differences.sort((a, b) => a.length - b.length)[0]).toEqual([]);
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-look-'));
  const script = `mkdir -p base/etc base/usr/bin upper/etc; echo one >base/etc/motd; echo x >base/usr/bin/tool
    ln -s usr/bin base/bin; echo two >upper/etc/motd; mknod upper/etc/gone c 0 0
    (cd upper; find . | cpio -o -H newc --quiet) >initrd; (cd base; find . | cpio -o -H newc --quiet | zstd -q) >>initrd`;
  await run(['sh', '-euc', script], { cwd: work });
  const file = (name: string): string => path.join(work, name);
  await packSquashfs(file('base'), file('base.squashfs'), {
    compressor: 'zstd',
    blockSize: 131_072,
  });
  await packOverlay(file('upper'), file('upper.cpio.gz'));
  await run(['sh', '-euc', 'echo three >base/etc/motd; chmod 600 base/etc/motd'], { cwd: work });
  await packSquashfs(file('base'), file('newer.squashfs'), {
    compressor: 'zstd',
    blockSize: 131_072,
  });
  base = await readFile(file('base.squashfs'));
  const newer = await readFile(file('newer.squashfs'));
  const artifacts = [
    { kind: 'base', fileName: 'base.trixie.squashfs', content: base },
    { kind: 'initrd', fileName: 'initrd.img-1', content: await readFile(file('initrd')) },
    {
      kind: 'overlay',
      name: 'hello',
      fileName: 'hello.overlay.cpio.gz',
      content: await readFile(file('upper.cpio.gz')),
    },
    { kind: 'kernel', fileName: 'vmlinuz-1', content: 'some kernel' },
  ] as const;
  store = await createStore({ artifacts, profiles: [] });
  const [first, ...others] = artifacts;
  await store.addRelease({
    id: 'newer',
    artifacts: [{ ...first, content: newer }, ...others],
    profiles: [],
  });
  project = file('images');
  await initProject(project);
  const settings = path.join(project, 'group_vars/on_imagebuild');
  await writeFile(
    settings,
    `${await readFile(settings, 'utf8')}\nbuild_artifact_path: ${store.directory}\n`,
  );
});

afterAll(async () => {
  await rm(work, { recursive: true });
  await store.remove();
});

describe('onib ls', () => {
  it('lists a release', async () => {
    const { out } = await onib('ls', 'current');
    expect(out).toMatch(/base +squashfs +base\.trixie\.squashfs/);
    expectDocumented((await onib('ls', 'current', '--json')).out);
  });

  it('lists an artifact by its name, and only what is below a path', async () => {
    const { out } = await onib('ls', 'hello');
    expect(out).toMatch(/^c.* 0:0 .* etc\/gone \(deleted from the layers below\)$/m);
    expect((await onib('ls', 'base', '/usr/bin')).out).toMatch(
      /^d.* usr\/bin\n-rw.* usr\/bin\/tool\n$/,
    );
    expect((await onib('ls', 'base', 'bin/')).out).toContain('usr/bin/tool');
    expectDocumented((await onib('ls', 'base', 'etc', '--json')).out);
  });

  it('says which archives an initrd is made of', async () => {
    const { err } = await onib('ls', 'initrd');
    expect(err).toContain('1: 4 entries, none; 2: 7 entries, zstd');
  });

  it('sums up bytes', async () => {
    expect((await onib('ls', 'base', '--by', 'directory')).out).toMatch(/4 B +1 files +etc\n/);
    expectDocumented((await onib('ls', 'base', '--by', 'package', '--json')).out);
  });

  it('takes a word for the same artifact in every command', async () => {
    for (const [word, fileName] of [
      ['base', 'base.trixie.squashfs'],
      ['vars/hello.yml', 'hello.overlay.cpio.gz'],
      ['kernel', 'vmlinuz-1'],
    ] as const) {
      for (const command of ['ls', 'why']) {
        const { out, err } = await onib(command, word, '--json');
        expect(err).toBe('');
        expect(JSON.parse(out)).toMatchObject({ artifact: fileName });
      }
      const verified: unknown = JSON.parse((await onib('verify', word, '--json')).out);
      expect(verified).toMatchObject({ artifacts: [{ fileName, ok: true }] });
    }
    expect((await onib('cat', 'vars/hello.yml', 'etc/motd')).out).toBe('two\n');
    expect((await onib('ls', 'kernel')).out).toBe('11 B  kernel  bzImage  vmlinuz-1\n');
  });

  it('refuses names that nothing has', async () => {
    for (const [argv, code, exitCode] of [
      [['ls', 'hallo'], 'ARTIFACT_UNKNOWN', EXIT.usage],
      [['ls', 'base', '/nowhere'], 'PATH_UNKNOWN', EXIT.failed],
      [['cat', 'current', 'x'], 'ARTIFACT_NEEDED', EXIT.usage],
      [['why', 'current'], 'ARTIFACT_NEEDED', EXIT.usage],
      [['why', 'vars'], 'ARTIFACT_UNKNOWN', EXIT.usage],
      [['cat', 'base', 'etc'], 'NOT_A_FILE', EXIT.failed],
      [['diff', 'base', 'current'], 'NOT_COMPARABLE', EXIT.usage],
    ] as const) {
      const ran = await onib(...argv);
      expect([ran.exitCode, ran.err]).toEqual([
        exitCode,
        expect.stringContaining(`error[${code}]`),
      ]);
    }
  });
});

describe('onib cat', () => {
  it('writes a file, through links, from any format', async () => {
    expect((await onib('cat', 'base', '/bin/tool')).out).toBe('x\n');
    expect((await onib('cat', path.join(work, 'upper.cpio.gz'), 'etc/motd')).out).toBe('two\n');
    // The second archive's file replaces the first one's, as when the kernel unpacks it.
    expect((await onib('cat', 'initrd', 'etc/motd')).out).toBe('one\n');
    const { out } = await onib('cat', 'base', '/etc/motd', '--json');
    expectDocumented(out);
    expect(JSON.parse(out)).toMatchObject({ digest: digestOf('one\n'), base64: 'b25lCg==' });
  });
});

describe('onib extract', () => {
  it('unpacks an artifact into a new directory', async () => {
    const directory = path.join(work, 'extracted');
    expectDocumented((await onib('extract', 'base', directory, '--json')).out);
    expect(await readFile(path.join(directory, 'bin/tool'), 'utf8')).toBe('x\n');
    expect((await onib('extract', 'base', directory)).err).toContain('error[EXTRACT_TARGET]');
  });
});

describe('onib diff', () => {
  it('compares releases, artifact by artifact', async () => {
    const { exitCode, out } = await onib('diff', 'current', 'newer');
    expect(exitCode).toBe(EXIT.done);
    expect(out).toMatch(/^base\.trixie\.squashfs: changed/);
    expect(out).toMatch(/~ etc\/motd +mode 0644 → 0600, size 4 → 6/);
    expect(out).not.toContain('hello');
    const { artifacts } = JSON.parse((await onib('diff', 'current', 'newer', '--json')).out) as {
      artifacts: { change: string }[];
    };
    expect(artifacts.map(({ change }) => change)).toEqual(['changed', 'same', 'same', 'same']);
  });

  it('compares files, and says when there is nothing to tell', async () => {
    expect((await onib('diff', 'base', path.join(work, 'base.squashfs'))).out).toBe(
      'no difference\n',
    );
    const argv = [
      'diff',
      path.join(work, 'base.squashfs'),
      path.join(work, 'newer.squashfs'),
      '--json',
    ];
    expect(JSON.parse((await onib(...argv)).out)).toMatchObject({ equal: false });
  });
});

describe('onib verify', () => {
  it('reads a release back', async () => {
    const { exitCode, out } = await onib('verify', '--json');
    expect(exitCode).toBe(EXIT.done);
    expect(JSON.parse(out)).toMatchObject({
      schema: 'onib.verify/1',
      artifacts: [{ ok: true, entries: 7 }, { ok: true }, { ok: true }, { ok: true }],
    });
    expect((await onib('verify', path.join(work, 'initrd'))).out).toMatch(
      /^ok {2}initrd: \d+ names/,
    );
  });

  it('tells all that is damaged', async () => {
    const object = store.objectPath(digestOf(base).slice('sha256:'.length));
    const damaged = Buffer.from(base);
    damaged[200] = (damaged[200] ?? 0) ^ 1;
    await writeFile(object, damaged);
    const overlay = path.join(store.directory, 'releases/newer/hello.overlay.cpio.gz');
    await truncate(overlay, 100);
    const { exitCode, err } = await onib('verify');
    expect(exitCode).toBe(EXIT.failed);
    expect(err).toMatch(
      /error\[OBJECT_DAMAGED\]: Cannot verify "base\.trixie\.squashfs": its digest is/,
    );
    expect(err).toMatch(
      /error\[OBJECT_DAMAGED\]: Cannot verify "hello\.overlay\.cpio\.gz": it has 100 bytes/,
    );
    await rm(object);
    expect((await onib('verify')).err).toContain('error[OBJECT_MISSING]');
  });
});
