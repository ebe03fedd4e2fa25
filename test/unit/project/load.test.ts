import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findProject } from '../../../src/project/find-project.js';
import { load, problemsOf, SMALL, TOOLS, withProject } from './temp-project.js';

describe('findProject()', () => {
  test('findProject() goes upward to the nearest folder with group_vars/on_imagebuild', async () => {
    await withProject(SMALL, async (root) => {
      const inner = path.join(root, 'roles/overlay/tools/tasks');
      expect(findProject(inner)).toBe(root);
      expect(findProject(root)).toBe(root);
      await mkdir(path.join(root, 'nested/group_vars/on_imagebuild'), { recursive: true });
      expect(findProject(path.join(root, 'nested'))).toBe(path.join(root, 'nested'));
    });
  });

  test('findProject() says how to make one', () => {
    expect(() => findProject('/proc')).toThrow(
      expect.objectContaining({
        code: 'NO_PROJECT',
        exitCode: 2,
        hint: 'onib init, or -C <dir> of a project',
      }),
    );
  });
});

describe('loadProject() on a correct project', () => {
  test('loadProject() fills in settings, bases, kernels, profiles', async () => {
    const config = await load(
      {},
      { suite: 'bookworm', apt_server: 'mirror.example/', colour: 'red' },
    );
    expect(config.settings).toMatchObject({
      suite: 'bookworm',
      components: ['main'],
      bootstrap: 'mmdebstrap',
      aptServer: 'mirror.example',
      artifactPath: path.join(config.root, 'builds'),
      compression: 'zstd',
      compressionBlockSize: 131_072,
    });
    expect(config.images.map(({ name, kind, base }) => [name, kind, base])).toEqual([
      ['base', 'base', undefined],
      ['kernel', 'initrd', undefined],
      ['tools', 'overlay', 'base'],
    ]);
    const [base, kernel, tools] = config.images;
    expect(base?.packages).toEqual(['systemd']);
    expect(base?.places?.packages).toEqual({
      systemd: { file: 'vars/base.yml', line: 2, column: 12 },
    });
    expect(base?.places?.suite).toEqual({ file: 'group_vars/on_imagebuild', line: 1, column: 8 });
    expect(base?.variables).toMatchObject({
      colour: 'red',
      packages: ['systemd'],
      suite: 'bookworm',
    });
    expect(kernel?.kernelPackage).toMatch(/^linux-image-/);
    expect(kernel?.variables.kernel_package).toBe(kernel?.kernelPackage);
    expect(tools?.settings.suite).toBe('bookworm');
    expect(tools?.provisioners).toEqual([
      {
        kind: 'role',
        role: 'roles/overlay/tools',
        directory: path.join(config.root, 'roles/overlay/tools'),
        place: { file: 'vars/tools.yml', line: 1, column: 14 },
      },
    ]);
    expect(config.profiles).toEqual([
      { name: 'base', base: 'base', kernel: 'kernel', overlays: [], arguments: [], nodes: [] },
      {
        name: 'tools',
        base: 'base',
        kernel: 'kernel',
        overlays: ['tools'],
        arguments: [],
        nodes: [],
      },
    ]);
    expect(config.defaultProfile).toBe('tools');
    expect(Object.isFrozen(config.images[0]?.settings)).toBe(true);
  });

  test('loadProject() lets a vars file override the group, under either name', async () => {
    const config = await load(
      { 'vars/base.yml': 'provisioner: roles/basefs/mini\ndebootstrap_release: bookworm\n' },
      { suite: 'trixie', apt_server: '{{ cache_host }}:3142', cache_host: '192.0.2.5' },
    );
    const [base, kernel, tools] = config.images;
    expect(base?.settings.suite).toBe('bookworm');
    expect(kernel?.settings.suite).toBe('trixie');
    // An overlay has the suite of its base, whatever its group says.
    expect(tools?.settings.suite).toBe('bookworm');
    expect(tools?.variables.suite).toBe('bookworm');
    expect(config.settings.aptServer).toBe('192.0.2.5:3142');
  });

  test('loadProject() takes two bases of one suite, and two kernel sets of one kernel', async () => {
    const config = await load({
      'vars/minimal.yml': 'provisioner: roles/basefs/mini\n',
      'vars/small.yml': 'provisioner: roles/initrd/mini\n',
      'vars/over.yml': 'provisioner: roles/overlay/tools\nbase: minimal\n',
      'boot-profiles.yml': 'kernel: kernel\nprofiles:\n  over: {kernel: small, overlays: [over]}\n',
    });
    expect(config.images.map(({ name, kind, base }) => [name, kind, base])).toEqual(
      expect.arrayContaining([
        ['base', 'base', undefined],
        ['minimal', 'base', undefined],
        ['small', 'initrd', undefined],
        ['tools', 'overlay', 'base'],
        ['over', 'overlay', 'minimal'],
      ]),
    );
    expect(config.profiles).toContainEqual(
      expect.objectContaining({ name: 'over', base: 'minimal', kernel: 'small' }),
    );
  });

  test('loadProject() takes several provisioners, vendors’ folders and an explicit kind', async () => {
    const config = await load({
      'vars/tools.yml': 'provisioner: [roles/overlay/tools, roles/oem/overlay/raid]\n',
      'vars/odd.yml': 'provisioner: odd/role\nkind: overlay\n',
      'roles/oem/overlay/raid/tasks/main.yml': '[]\n',
      'odd/role/tasks/main.yaml': '[]\n',
    });
    expect(config.images.map(({ name, kind }) => [name, kind])).toContainEqual(['odd', 'overlay']);
    expect(config.images.at(-1)?.provisioners.map(({ role }) => role)).toEqual([
      'roles/overlay/tools',
      'roles/oem/overlay/raid',
    ]);
  });

  test('loadProject() finds roles that ship with onib', async () => {
    const config = await load({
      'vars/kernel.yml': 'provisioner: roles/initrd/provision_initrd\n',
    });
    expect(config.images[1]?.provisioners[0]?.directory).toMatch(
      /\/roles\/initrd\/provision_initrd$/,
    );
    expect(config.images[1]?.provisioners[0]?.directory.startsWith(config.root)).toBe(false);
  });

  test('loadProject() reads boot profiles', async () => {
    const config = await load({
      'boot-profiles.yml': [
        'default: racks',
        'arguments: [console=ttyS0]',
        'profiles:',
        '  racks:',
        '    overlays: [tools]',
        '    arguments: [onib.tmpfs=2G]',
        '    nodes: [52:54:00:12:34:56, 52-54-00-AB-CD-EF]',
        '  tools:',
        '    arguments: [quiet]',
      ].join('\n'),
    });
    expect(config.defaultProfile).toBe('racks');
    expect(
      config.profiles.map(({ place, ...profile }) => ({ ...profile, line: place?.line })),
    ).toEqual([
      {
        name: 'racks',
        base: 'base',
        kernel: 'kernel',
        overlays: ['tools'],
        arguments: ['console=ttyS0', 'onib.tmpfs=2G'],
        nodes: ['52:54:00:12:34:56', '52:54:00:ab:cd:ef'],
        line: 4,
      },
      {
        name: 'tools',
        base: 'base',
        kernel: 'kernel',
        overlays: [],
        arguments: ['console=ttyS0', 'quiet'],
        nodes: [],
        line: 8,
      },
      {
        name: 'base',
        base: 'base',
        kernel: 'kernel',
        overlays: [],
        arguments: ['console=ttyS0'],
        nodes: [],
        line: undefined,
      },
    ]);
  });

  test('loadProject() takes the base and kernel set of the usual name among several', async () => {
    const config = await load({
      'vars/old.yml': 'provisioner: roles/basefs/mini\nsuite: bookworm\n',
      'vars/realtime.yml': 'provisioner: roles/initrd/mini\nkernel_package: linux-image-rt-amd64\n',
    });
    expect(config.images.find(({ name }) => name === 'tools')?.base).toBe('base');
    expect(new Set(config.profiles.map(({ kernel }) => kernel))).toEqual(new Set(['kernel']));
  });

  test('loadProject() leaves unknown keys to Ansible when a role reads them', async () => {
    const config = await load({
      'vars/tools.yml': 'provisioner: roles/overlay/tools\nbases: [a]\nanything_else: 1\n',
      'roles/overlay/tools/templates/x.j2': '{{ bases | join }}',
    });
    expect(config.images.at(-1)?.variables).toMatchObject({ bases: ['a'], anything_else: 1 });
  });

  test('loadProject() takes packages of an overlay as a variable like any other', async () => {
    const config = await load({
      'vars/tools.yml': 'provisioner: roles/overlay/tools\npackages: {not: a list}\n',
    });
    expect(config.images.at(-1)?.packages).toBeUndefined();
    expect(config.images.at(-1)?.variables.packages).toEqual({ not: 'a list' });
  });
});

describe('boot-profiles.yml', () => {
  test.each<[string, string, string[]]>([
    [
      'default: tolls\n',
      'an unknown default',
      [
        'boot-profiles.yml:1:10 Cannot use default "tolls": there is no such profile (did you mean "tools"?)',
      ],
    ],
    [
      'profiles: [tools]\n',
      'a list of profiles',
      ['boot-profiles.yml:1:11 Cannot use profiles "["tools"]": expected keys and values'],
    ],
    [
      'profiles:\n  "a b": {}\n',
      'an unsafe name',
      [
        'boot-profiles.yml:2:3 Cannot use profile name "a b": a name has letters, digits, ".", "_" and "-", 64 at most, and begins with a letter or digit',
      ],
    ],
    [
      'profiles:\n  a:\n    overlay: [tools]\n',
      'an unknown key',
      [
        'boot-profiles.yml:3:5 Cannot use key "overlay": expected base, kernel, overlays, arguments, nodes (did you mean "overlays"?)',
      ],
    ],
    [
      'profiles:\n  a:\n    overlays: [tool]\n',
      'an unknown overlay',
      [
        'boot-profiles.yml:3:16 Cannot use overlay "tool": no vars file makes an overlay of that name (did you mean "tools"?)',
      ],
    ],
    [
      'profiles:\n  a:\n    overlays: tools\n',
      'a word for a list',
      ['boot-profiles.yml:3:15 Cannot use overlays "tools": expected a list (overlays: [tools])'],
    ],
    [
      'profiles:\n  a:\n    arguments: ["console=tty0 quiet"]\n',
      'two words in one',
      [
        'boot-profiles.yml:3:17 Cannot use kernel argument "console=tty0 quiet": an argument has no spaces: write a list entry for each',
      ],
    ],
    [
      'arguments: ["x=${net0/mac}"]\n',
      'an iPXE variable',
      [
        'boot-profiles.yml:1:13 Cannot use kernel argument "x=${net0/mac}": it holds a character that a boot script or the kernel would take apart',
      ],
    ],
    [
      'arguments: [onib.manifest=http://192.0.2.1/]\n',
      'a reserved word',
      [
        'boot-profiles.yml:1:13 Cannot use kernel argument "onib.manifest=http://192.0.2.1/": the boot server writes this one itself',
      ],
    ],
    [
      'profiles:\n  a:\n    nodes: [52:54:00:12:34]\n',
      'a short MAC',
      [
        'boot-profiles.yml:3:13 Cannot use node "52:54:00:12:34": expected a MAC address (such as \'52:54:00:12:34:56\')',
      ],
    ],
    [
      'profiles:\n  a: {nodes: [52:54:00:12:34:56]}\n  b: {nodes: [52-54-00-12-34-56]}\n',
      'a node twice',
      [
        'boot-profiles.yml:3:15 Cannot use node "52:54:00:12:34:56" here: profile "a" has it already',
      ],
    ],
  ])('%j has %s', async (content, _what, expected) => {
    expect(await problemsOf({ 'boot-profiles.yml': content })).toEqual(expected);
  });

  test('overlays of different bases do not go together', async () => {
    const changes = {
      'vars/old.yml': 'provisioner: roles/basefs/mini\nsuite: bookworm\n',
      'vars/legacy.yml': `${TOOLS}base: old\n`,
      'boot-profiles.yml': 'profiles:\n  both:\n    overlays: [tools, legacy]\n',
    };
    expect(await problemsOf(changes)).toEqual([
      'boot-profiles.yml:3:23 Cannot use overlay "legacy" here: it is made over base "old", and this profile has base "base"',
    ]);
  });

  test('two kernel sets without a usual name need a choice', async () => {
    const kernels = {
      'vars/kernel.yml': null,
      'vars/lts.yml': 'provisioner: roles/initrd/mini\n',
      'vars/realtime.yml': 'provisioner: roles/initrd/mini\nkernel_package: linux-image-rt-amd64\n',
    };
    expect(await problemsOf(kernels)).toEqual([
      'boot-profiles.yml Cannot tell which kernel set boots: there are 2 (lts, realtime) (write "kernel: lts" at the top of boot-profiles.yml)',
    ]);
    const config = await load({ ...kernels, 'boot-profiles.yml': 'kernel: realtime\n' });
    expect(new Set(config.profiles.map(({ kernel }) => kernel))).toEqual(new Set(['realtime']));
  });
});
