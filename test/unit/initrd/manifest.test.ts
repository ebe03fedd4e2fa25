import { describe, expect, it } from 'vitest';
import { BootScript } from './boot-script.js';

const a = 'a'.repeat(64);
const b = 'b'.repeat(64);
const good = [
  'onib-boot 1',
  'release 20261120T140501Z-3f9c',
  'kernel 6.12.57+deb13-amd64',
  `layer base squashfs ${a} 52428800`,
  `layer discovery cpio.gz ${b} 4096`,
  'source http://10.0.0.5:8080/objects/',
  'source http://10.0.0.6:8080/objects/',
];

async function read(lines: readonly string[], code: string): Promise<string> {
  await using script = await BootScript.create();
  await script.write('manifest', `${lines.join('\n')}\n`);
  const { stdout, stderr } = await script.run(
    `onib_running_kernel() { echo 6.12.57+deb13-amd64; }
     onib_read_manifest '${script.path('manifest')}' && { ${code}; } || echo "$onib_code: $onib_detail"`,
  );
  expect(stderr).toBe('');
  return stdout.trimEnd();
}

describe('onib_read_manifest', () => {
  it('onib_read_manifest() knows release, sources and layers in their order', async () => {
    expect(await read(good, 'echo "$onib_release $onib_sources"; cat "$ONIB_RUN/layer-list"')).toBe(
      [
        '20261120T140501Z-3f9c http://10.0.0.5:8080/objects/ http://10.0.0.6:8080/objects/',
        `10 base squashfs ${a} 52428800 -`,
        `11 discovery cpio.gz ${b} 4096 -`,
      ].join('\n'),
    );
  });

  it('onib_read_manifest() passes over facts that it does not know', async () => {
    expect(await read([...good, 'colour blue'], 'echo fine')).toBe('fine');
  });

  it.each([
    ['another version', ['onib-boot 2', ...good.slice(1)], /^manifest-format: .*onib-boot 2/],
    ['an error page', ['<html>'], /^manifest-format: it begins with "<html>"/],
    ['nothing', [''], /^manifest-format: it begins with ""/],
    [
      'no layers',
      good.filter((line) => !line.startsWith('layer')),
      /^manifest-format: it names no layer/,
    ],
    [
      'no sources',
      good.filter((line) => !line.startsWith('source')),
      /^manifest-format: it names no source/,
    ],
    ['a short digest', [...good, 'layer x squashfs abc 1'], /^manifest-format: layer x/],
    ['an unknown format', [...good, `layer x zip ${a} 1`], /^manifest-format: layer x/],
    ['a name that leads elsewhere', [...good, `layer ../x squashfs ${a} 1`], /^manifest-format/],
    ['no size', [...good, `layer x squashfs ${a} 0`], /^manifest-format: layer x/],
    ['a word too many', [...good, `layer x squashfs ${a} 1 more`], /^manifest-format: layer x/],
    ['another kernel', good.with(2, 'kernel 6.1.0-1-amd64'), /^kernel-version: .*6\.1\.0-1-amd64/],
  ])('onib_read_manifest() refuses %s', async (_, lines, expected) => {
    expect(await read(lines, 'echo accepted')).toMatch(expected);
  });
});

describe('onib_legacy_layers', () => {
  it('onib_legacy_layers() says that nothing can be checked', async () => {
    await using script = await BootScript.create();
    await script.setCommandLine('BASEFS=http://10.0.0.5/b.img OVERLAYFS=http://10.0.0.5/o.cpio.gz');
    const { stdout } = await script.run(
      'onib_read_parameters && onib_get_manifest && cat "$ONIB_RUN/layer-list" "$ONIB_RUN/boot.log"',
    );
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '10 base squashfs - 0 http://10.0.0.5/b.img',
      '11 overlay1 cpio.gz - 0 http://10.0.0.5/o.cpio.gz',
      'onib: BASEFS= comes without a digest: what is fetched cannot be checked',
    ]);
  });
});

describe('onib_check_memory', () => {
  it.each([
    ['fits', 400_000, 'fits'],
    ['does not fit', 100_000, 'memory: needs 114 MiB, has 97 MiB available'],
  ])('onib_check_memory() tells what %s', async (_, available, expected) => {
    await using script = await BootScript.create();
    await script.write('proc/meminfo', `MemFree: 1 kB\nMemAvailable:  ${available} kB\n`);
    await script.write(
      'run/layer-list',
      `10 base squashfs ${a} 52428800 -\n11 d cpio.gz ${b} 4096 -\n`,
    );
    const { stdout } = await script.run(
      'onib_check_memory && echo fits || echo "$onib_code: $onib_detail"',
    );
    expect(stdout.trim()).toBe(expected);
  });
});
