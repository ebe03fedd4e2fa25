import { describe, expect, test } from 'vitest';
import { withUniqueFileNames } from '../../../src/contract/file-names.js';
import type { ArtifactKind } from '../../../src/contract/release-manifest.js';

const one = (
  kind: ArtifactKind,
  name: string,
  fileName: string,
): Parameters<typeof withUniqueFileNames>[0][number] => ({ kind, name, fileName });
const names = (...artifacts: readonly ReturnType<typeof one>[]): string[] =>
  withUniqueFileNames(artifacts).map(({ fileName }) => fileName);

describe('withUniqueFileNames()', () => {
  test('withUniqueFileNames() leaves names that are unique', () => {
    expect(
      names(
        one('base', 'base', 'base.trixie.squashfs'),
        one('base', 'old', 'base.bookworm.squashfs'),
        one('overlay', 'tools', 'tools.overlay.cpio.gz'),
        one('loader', 'ipxe.efi', 'ipxe.efi'),
      ),
    ).toEqual([
      'base.trixie.squashfs',
      'base.bookworm.squashfs',
      'tools.overlay.cpio.gz',
      'ipxe.efi',
    ]);
  });

  test('withUniqueFileNames() gives two bases of one suite the names of their images', () => {
    expect(
      names(
        one('base', 'base', 'base.trixie.squashfs'),
        one('base', 'minimal', 'base.trixie.squashfs'),
      ),
    ).toEqual(['base.base.trixie.squashfs', 'minimal.base.trixie.squashfs']);
  });

  test('withUniqueFileNames() does the same for two kernel sets of one version', () => {
    expect(
      names(
        one('kernel', 'kernel', 'vmlinuz-6.12.57+deb13-amd64'),
        one('kernel', 'modules', 'vmlinuz-6.12.57+deb13-amd64'),
        one('modules', 'kernel', 'modules.6.12.57+deb13-amd64.squashfs'),
        one('modules', 'modules', 'modules.6.12.57+deb13-amd64.squashfs'),
      ),
    ).toEqual([
      'kernel.vmlinuz-6.12.57+deb13-amd64',
      'modules.vmlinuz-6.12.57+deb13-amd64',
      'kernel.modules.6.12.57+deb13-amd64.squashfs',
      'modules.modules.6.12.57+deb13-amd64.squashfs',
    ]);
  });

  test.each([
    ['base', 'base.base.trixie.squashfs'],
    ['minimal', 'minimal.base.trixie.squashfs'],
  ])('withUniqueFileNames() gives base "%s" its usual name when it is alone again', (name, was) => {
    expect(names(one('base', name, was))).toEqual(['base.trixie.squashfs']);
  });

  test('withUniqueFileNames() says the same whichever of two was there first', () => {
    const first = one('base', 'a', 'base.trixie.squashfs');
    const second = one('base', 'b', 'b.base.trixie.squashfs');
    expect(names(first, second)).toEqual(['a.base.trixie.squashfs', 'b.base.trixie.squashfs']);
  });
});
