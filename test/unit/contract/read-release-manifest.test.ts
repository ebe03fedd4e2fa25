import { describe, expect, test } from 'vitest';
import { parseReleaseManifest } from '../../../src/contract/read-release-manifest.js';
import type { ReleaseManifest } from '../../../src/contract/release-manifest.js';
import { releaseManifest } from '../../support/store-fixture.js';

const FILE = '/builds/releases/20261120T140501Z-3f9c/manifest.json';
const good = releaseManifest();

const parse = (manifest: unknown, id?: string): ReleaseManifest =>
  parseReleaseManifest(JSON.stringify(manifest), FILE, id);

/** The manifest of version 1 as it stood on disk: profiles with nodes. */
const version1 = {
  ...good,
  schema: 'onib.release/1',
  profiles: good.profiles.map((profile) => ({ ...profile, nodes: ['52:54:00:12:34:56'] })),
};

describe('parseReleaseManifest()', () => {
  test('reads back what was written, with fields that a later onib may add', () => {
    expect(parse(good, good.id)).toEqual(good);
    expect(parse({ ...good, later: { added: 1 } })).toEqual({ ...good, later: { added: 1 } });
  });

  test('reads a release of version 1, with the nodes of its profiles', () => {
    expect(parse(version1, good.id)).toEqual(version1);
  });

  test('says why the default of a release of version 1 cannot be booted', () => {
    const release = parse({ ...version1, profiles: [], defaultProfile: 'discovery' });
    expect(release).not.toHaveProperty('defaultProfile');
    expect(release.defaultProfileMissing).toEqual({
      profile: 'discovery',
      reason: 'the release lacks a part of it',
    });
  });

  const [artifact] = good.artifacts;
  const [profile] = good.profiles;
  const withArtifact = (change: object): unknown => ({
    ...good,
    artifacts: [{ ...artifact, ...change }],
  });
  const withProfile = (change: object): unknown => ({
    ...good,
    profiles: [{ ...profile, ...change }],
  });

  test.each<[string, unknown]>([
    [
      'its schema is "onib.release/3", known are onib.release/1 and onib.release/2',
      { ...good, schema: 'onib.release/3' },
    ],
    ['schema is missing', {}],
    ['schema is missing', []],
    ['it is null, expected an object', null],
    ['it describes "other"', { ...good, id: 'other' }],
    ['artifacts is missing', { ...good, artifacts: undefined }],
    [
      'artifacts[0].kind is "rootfs", expected "base", "kernel", "initrd", "modules", "overlay", "loader"',
      withArtifact({ kind: 'rootfs' }),
    ],
    [
      'artifacts[0].fileName is "../../etc/passwd", expected a name that can stand in a URL',
      withArtifact({ fileName: '../../etc/passwd' }),
    ],
    [
      'artifacts[0].digest is "sha256:00", expected sha256: and 64 hex digits',
      withArtifact({ digest: 'sha256:00' }),
    ],
    ['artifacts[0].size is -1, expected >=0', withArtifact({ size: -1 })],
    ['artifacts[0].size is 1.5, expected a whole number', withArtifact({ size: 1.5 })],
    [
      'two artifacts have the name "base.trixie.squashfs"',
      { ...good, artifacts: [artifact, artifact] },
    ],
    [
      'profiles[0].overlays[0] is "a b", expected a name that can stand in a URL',
      withProfile({ overlays: ['a b'] }),
    ],
    [
      'profiles[0].nodes[0] is "52:54:00:AA", expected a MAC address in lower case with colons',
      withProfile({ nodes: ['52:54:00:AA'] }),
    ],
    [
      'defaultProfile is "$(reboot)", expected a name that can stand in a URL',
      { ...good, defaultProfile: '$(reboot)' },
    ],
  ])('refuses a manifest: %s', (words, manifest) => {
    expect(() => parse(manifest, good.id)).toThrow(
      expect.objectContaining({
        code: 'RELEASE_MANIFEST_INVALID',
        message: `Cannot read release manifest "${FILE}": ${words}`,
        where: { file: FILE },
      }),
    );
  });

  test('refuses what is no JSON', () => {
    expect(() => parseReleaseManifest('{"schema": ', FILE, undefined)).toThrow(/it is not JSON \(/);
  });
});
