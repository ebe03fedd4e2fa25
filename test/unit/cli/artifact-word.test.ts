import { describe, expect, test } from 'vitest';
import { artifactOf } from '../../../src/cli/options/artifact-word.js';
import type { Artifact, ArtifactKind } from '../../../src/contract/release-manifest.js';
import { OnibError } from '../../../src/core/errors.js';

function artifact(kind: ArtifactKind, name: string, fileName: string): Artifact {
  const digest = 'sha256:0';
  return {
    ...{ kind, name, fileName, format: 'binary', digest, size: 1, architecture: 'amd64' },
    ...{ inputDigest: digest, inputs: {}, seconds: 1 },
  };
}

const kernelSet = (name: string, version: string): Artifact[] => [
  artifact('initrd', name, `initrd.img-${version}`),
  artifact('modules', name, `modules.${version}.squashfs`),
  artifact('kernel', name, `vmlinuz-${version}`),
];

const base = artifact('base', 'base', 'base.trixie.squashfs');
const lean = artifact('base', 'lean', 'base.bookworm.squashfs');
const tools = artifact('overlay', 'tools', 'tools.overlay.cpio.gz');
const loader = artifact('loader', 'ipxe.efi', 'ipxe.efi');
const usual = [base, tools, loader, ...kernelSet('kernel', '6.12')];

describe('artifactOf()', () => {
  test.each<[string, Artifact[], string, string]>([
    ['a file name', usual, 'initrd.img-6.12', 'initrd.img-6.12'],
    ['a loader', usual, 'ipxe.efi', 'ipxe.efi'],
    ['a name', usual, 'tools', 'tools.overlay.cpio.gz'],
    ['a vars file', usual, 'vars/tools.yml', 'tools.overlay.cpio.gz'],
    ['a vars file by its path', usual, '/srv/images/vars/tools.yaml', 'tools.overlay.cpio.gz'],
    ['a kind of which there is one', usual, 'overlay', 'tools.overlay.cpio.gz'],
    ['the only base, whatever its name', [lean], 'base', 'base.bookworm.squashfs'],
    ['the base of that name among two', [lean, base], 'base', 'base.trixie.squashfs'],
    ['of a kernel set its kernel', usual, 'kernel', 'vmlinuz-6.12'],
    ['a part of the only kernel set', usual, 'modules', 'modules.6.12.squashfs'],
    [
      'of two sets the one of that name',
      [...usual, ...kernelSet('rt', '6.1')],
      'rt',
      'vmlinuz-6.1',
    ],
    ['the initrd of a set of that name', kernelSet('initrd', '6.12'), 'initrd', 'initrd.img-6.12'],
    [
      'the kernel of a set that is named initrd',
      kernelSet('initrd', '6.12'),
      'kernel',
      'vmlinuz-6.12',
    ],
  ])('artifactOf() finds %s', (_, artifacts, word, fileName) => {
    expect(artifactOf(artifacts, word).fileName).toBe(fileName);
  });

  test.each<[string, Artifact[], string, string, string, string[]]>([
    ['a slip', usual, 'tolls', 'ARTIFACT_UNKNOWN', 'did you mean "tools"?', ['ipxe.efi']],
    [
      'nothing like it',
      usual,
      'something',
      'ARTIFACT_UNKNOWN',
      'onib ls current lists what there is',
      ['base.trixie.squashfs'],
    ],
    [
      'two bases',
      [lean, artifact('base', 'full', 'base.trixie.squashfs')],
      'base',
      'ARTIFACT_AMBIGUOUS',
      'did you mean "lean" or "full"?',
      ['base.bookworm.squashfs', 'base.trixie.squashfs'],
    ],
    [
      'initrds of two kernel sets',
      [...kernelSet('kernel', '6.12'), ...kernelSet('rt', '6.1')],
      'initrd',
      'ARTIFACT_AMBIGUOUS',
      'did you mean "initrd.img-6.12" or "initrd.img-6.1"?',
      ['initrd.img-6.12', 'initrd.img-6.1'],
    ],
  ])('artifactOf() refuses %s', (_, artifacts, word, code, hint, details) => {
    const error = ((): unknown => {
      try {
        return artifactOf(artifacts, word);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(OnibError);
    expect(error).toMatchObject({ code, hint, exitCode: 2 });
    expect((error as OnibError).details).toEqual(expect.arrayContaining(details));
  });
});
