import { describe, expect, test } from 'vitest';
import { OnibErrors } from '../../../src/core/errors.js';
import { loadProject } from '../../../src/project/load.js';
import { inventoryJson, problemsOf, SMALL, TOOLS, withProject } from './temp-project.js';

describe('loadProject() on mistakes', () => {
  test.each<[string, Record<string, string | null>, string[]]>([
    [
      'no provisioner',
      { 'vars/tools.yml': '# nothing yet\n' },
      [
        'vars/tools.yml:1:1 Cannot use vars file "vars/tools.yml": it names no provisioner (provisioner: roles/overlay/<role>)',
      ],
    ],
    [
      'a slip in the one key that is needed',
      { 'vars/tools.yml': 'x: 1\nprovisoner: roles/overlay/tools\n' },
      [
        'vars/tools.yml:2:1 Cannot use vars file "vars/tools.yml": it names no provisioner (did you mean "provisioner" instead of "provisoner"?)',
      ],
    ],
    [
      'a missing role with a near miss',
      { 'vars/tools.yml': 'provisioner: roles/overlay/tool\n' },
      [
        'vars/tools.yml:1:14 Cannot use provisioner "roles/overlay/tool": there is no tasks/main.yml in it (did you mean "roles/overlay/tools"?)',
      ],
    ],
    [
      'a role in another folder',
      { 'vars/tools.yml': 'provisioner:\n  - roles/oem/overlay/tools\n' },
      [
        'vars/tools.yml:2:5 Cannot use provisioner "roles/oem/overlay/tools": there is no tasks/main.yml in it (did you mean "roles/overlay/tools"?)',
      ],
    ],
    [
      'a missing role without one',
      { 'vars/tools.yml': 'provisioner: roles/overlay/provision_firmware\n' },
      [
        'vars/tools.yml:1:14 Cannot use provisioner "roles/overlay/provision_firmware": there is no tasks/main.yml in it (onib new overlay firmware)',
      ],
    ],
    [
      'a kind that cannot be told',
      { 'vars/tools.yml': 'provisioner: odd/role\n', 'odd/role/tasks/main.yml': '[]\n' },
      [
        'vars/tools.yml:1:14 Cannot tell what provisioner "odd/role" makes: its folder is none of roles/initrd, roles/basefs, roles/overlay, roles/oem/overlay (write "kind: overlay" (or base, initrd) into vars/tools.yml)',
      ],
    ],
    [
      'provisioners of two kinds',
      { 'vars/tools.yml': 'provisioner: [roles/overlay/tools, roles/basefs/mini]\n' },
      [
        'vars/tools.yml:1:36 Cannot use provisioner "roles/basefs/mini" here: it makes a base image, and the one before it an overlay (a role for this image belongs into roles/overlay)',
      ],
    ],
    [
      'a kind that contradicts the folder',
      { 'vars/tools.yml': 'kind: base\nsuite: sid\nprovisioner: roles/overlay/tools\n' },
      [
        'vars/tools.yml:3:14 Cannot use provisioner "roles/overlay/tools" here: it makes an overlay, and kind says a base image',
      ],
    ],
    [
      'wrong values, each with what is accepted',
      {
        'vars/base.yml': [
          'provisioner: roles/basefs/mini',
          'compression: ztsd',
          'compression_block_size: 100K',
          'packages: [systemd, Curl, 7]',
          'components: main',
        ].join('\n'),
      },
      [
        'vars/base.yml:2:14 Cannot use compression "ztsd": expected xz, zstd, gzip or lz4 (did you mean "zstd"?)',
        'vars/base.yml:3:25 Cannot use compression_block_size "100K": expected a power of two from 4K to 1024K, such as 128K',
        'vars/base.yml:4:21 Cannot use packages "Curl": expected a Debian package such as openssh-server',
        'vars/base.yml:4:27 Cannot use packages "7": expected a Debian package such as openssh-server, found a number',
        'vars/base.yml:5:13 Cannot use components "main": expected a list, each entry a component such as main, found a string',
      ],
    ],
    [
      'a level that the compressor does not have',
      {
        'vars/base.yml': 'provisioner: roles/basefs/mini\ncompression: lz4\ncompression_level: 3\n',
      },
      [
        'vars/base.yml:3:20 Cannot use compression_level "3": lz4 has no levels (leave compression_level out, or choose another compression)',
      ],
    ],
    [
      'two names of one key that disagree',
      {
        'vars/base.yml':
          'provisioner: roles/basefs/mini\nsuite: sid\ndebootstrap_release: trixie\n',
      },
      [
        'vars/base.yml:3:22 Cannot use debootstrap_release "trixie": suite says "sid", and both mean the same (keep suite alone)',
      ],
    ],
    [
      'a template that onib cannot fill in',
      { 'vars/base.yml': 'provisioner: roles/basefs/mini\nsuite: "{{ x | lower }}"\n' },
      [
        'vars/base.yml:2:8 Cannot use suite "{{ x | lower }}": onib reads this key before Ansible runs (write the value itself, or {{ name }} of a variable that holds it as text)',
      ],
    ],
    [
      'keys of another kind of image, or of the project',
      { 'vars/tools.yml': `${TOOLS}kernel_package: linux-image-amd64\nbuild_root_size: 6G\n` },
      [
        'vars/tools.yml:2:1 Cannot use kernel_package in "vars/tools.yml": it belongs to a kernel set, and this is an overlay',
        'vars/tools.yml:3:1 Cannot use build_root_size in "vars/tools.yml": it is the whole project\'s, and belongs into group_vars/on_imagebuild',
      ],
    ],
    [
      'a slip that no role reads',
      { 'vars/base.yml': 'provisioner: roles/basefs/mini\npakcages: [curl]\n' },
      [
        'vars/base.yml:2:1 Cannot use key "pakcages": onib does not know it and no role mentions it (did you mean "packages"?)',
      ],
    ],
    [
      'a slip in group_vars',
      { 'group_vars/on_imagebuild': 'suite: trixie\napt_sever: mirror.example\n' },
      [
        'group_vars/on_imagebuild:2:1 Cannot use key "apt_sever": onib does not know it and no role mentions it (did you mean "apt_server"?)',
      ],
    ],
    [
      'a key that cannot be a variable',
      { 'vars/tools.yml': `${TOOLS}my-key: 1\n` },
      [
        'vars/tools.yml:2:1 Cannot use key "my-key": it cannot be an Ansible variable (a name has letters, digits and "_", and begins with a letter)',
      ],
    ],
    [
      'a name that is not safe in a URL',
      { 'vars/tools.yml': null, 'vars/my tools.yml': TOOLS },
      [
        'vars/my tools.yml Cannot use vars file "vars/my tools.yml": a name has letters, digits, ".", "_" and "-", 64 at most, and begins with a letter or digit',
      ],
    ],
    [
      'two files of one name',
      { 'vars/tools.yaml': TOOLS },
      [
        'vars/tools.yml Cannot use vars file "vars/tools.yml": vars/tools.yaml has the same name (rename one of the two)',
      ],
    ],
    [
      'an unknown base',
      { 'vars/tools.yml': `${TOOLS}base: bsae\n` },
      [
        'vars/tools.yml:2:7 Cannot use base "bsae": no vars file makes a base image of that name (did you mean "base"?)',
      ],
    ],
    [
      'no base at all',
      { 'vars/base.yml': null },
      [
        'vars/tools.yml:1:1 Cannot use vars file "vars/tools.yml": no vars file makes a base image to put the overlay over (onib new base base)',
      ],
    ],
    [
      'several bases of which none is the usual one',
      {
        'vars/base.yml': null,
        'vars/new.yml': 'provisioner: roles/basefs/mini\n',
        'vars/old.yml': 'provisioner: roles/basefs/mini\nsuite: bookworm\n',
      },
      [
        'vars/tools.yml:1:1 Cannot use vars file "vars/tools.yml": there are 2 base images, and it does not say which (base: new or old)',
      ],
    ],
    [
      'an overlay of another suite than its base',
      { 'vars/tools.yml': `${TOOLS}suite: sid\n` },
      [
        'vars/tools.yml:2:8 Cannot use suite "sid": an overlay has the suite of its base, and base "base" has "trixie" (leave suite out, or set it in vars/base.yml)',
      ],
    ],
    [
      'YAML errors of several files together with other mistakes',
      {
        'vars/tools.yml': 'provisioner: [roles/overlay/tools\n',
        'vars/base.yml': 'provisioner: roles/basefs/absent\n',
        'boot-profiles.yml': 'defualt: x\nprofiles: {a: {overlays: [tools]}}\n',
      },
      [
        'boot-profiles.yml:1:1 Cannot use key "defualt": expected default, kernel, arguments, profiles (did you mean "default"?)',
        'vars/base.yml:1:14 Cannot use provisioner "roles/basefs/absent": there is no tasks/main.yml in it (onib new base absent)',
        expect.stringMatching(/^vars\/tools\.yml:2:1 Cannot read "vars\/tools\.yml": /) as string,
      ],
    ],
  ])('loadProject() tells of %s', async (_what, changes, expected) => {
    expect(await problemsOf(changes)).toEqual(expected);
  });

  test('loadProject() points at the group_vars file or the inventory line of a wrong value', async () => {
    const changes = {
      'group_vars/on_imagebuild': 'suite: trixie\nbootstrap: mmdebstarp\n',
      hosts: '[on_imagebuild:vars]\n  architecture=x86\n',
    };
    const variables = { suite: 'trixie', bootstrap: 'mmdebstarp', architecture: 'x86' };
    expect(await problemsOf(changes, variables)).toEqual([
      'group_vars/on_imagebuild:2:12 Cannot use bootstrap "mmdebstarp": expected mmdebstrap or debootstrap (did you mean "mmdebstrap"?)',
      'hosts:2:3 Cannot use architecture "x86": expected amd64, arm64, armhf, i386, ppc64el, riscv64 or s390x',
    ]);
  });

  test('loadProject() has exit code 2 and reports a group’s mistake once', async () => {
    await withProject(SMALL, async (root) => {
      const loading = loadProject(root, () =>
        Promise.resolve(inventoryJson({ compression: 'zip' })),
      );
      await expect(loading).rejects.toBeInstanceOf(OnibErrors);
      await expect(loading).rejects.toMatchObject({ exitCode: 2, problems: { length: 1 } });
    });
  });

  test('loadProject() tells of a missing inventory and of groups outside on_imagebuild', async () => {
    expect(await problemsOf({ hosts: null })).toEqual([
      'hosts Cannot read inventory "hosts": there is no such file (onib init writes one)',
    ]);
    await withProject(SMALL, async (root) => {
      const lost = JSON.parse(inventoryJson()) as { on_imagebuild: { children: string[] } };
      lost.on_imagebuild.children.pop();
      await expect(loadProject(root, () => Promise.resolve(JSON.stringify(lost)))).rejects.toThrow(
        'Cannot use inventory "hosts": group overlay_build_chroot is not a child of on_imagebuild, so that group_vars/on_imagebuild would not apply to it',
      );
    });
  });
});
