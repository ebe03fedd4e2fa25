import { describe, expect, test } from 'vitest';
import { lostProfiles } from '../../../src/contract/lost-profiles.js';
import type { ReleaseManifest } from '../../../src/contract/release-manifest.js';
import { releaseManifest } from '../../support/store-fixture.js';

const before = releaseManifest({
  id: '20261120T140501Z-0001',
  profiles: [{ name: 'discovery' }, { name: 'erase' }],
});
const later = '2026-11-21T09:15:00Z';

/** What a build makes of the project after it. */
function next(change: Partial<ReleaseManifest>): ReleaseManifest {
  return { ...before, id: '20261121T091500Z-0002', created: later, incomplete: [], ...change };
}

const [discovery, erase] = before.profiles;
if (discovery === undefined || erase === undefined) throw new Error('no profiles');

describe('lostProfiles()', () => {
  test('lostProfiles() finds none where all can be booted', () => {
    expect(lostProfiles(before, next({}))).toEqual([]);
  });

  test('lostProfiles() names what the project still has and the release cannot boot', () => {
    const missing = { profile: 'erase', reason: 'overlay "erase" is not built' };
    const after = next({ profiles: [discovery], incomplete: [missing] });
    expect(lostProfiles(before, after)).toEqual([missing]);
  });

  test('lostProfiles() counts what the user took out of the project as no loss', () => {
    expect(lostProfiles(before, next({ profiles: [discovery] }))).toEqual([]);
  });

  test('lostProfiles() counts as no loss what could not be booted before', () => {
    const missing = { profile: 'new', reason: 'overlay "new" is not built' };
    expect(lostProfiles(before, next({ incomplete: [missing] }))).toEqual([]);
  });

  test('lostProfiles() names a profile whose file is not in the release', () => {
    const artifacts = before.artifacts.filter(({ kind }) => kind !== 'overlay');
    expect(lostProfiles(before, next({ artifacts })).map(({ profile }) => profile)).toEqual([
      'discovery',
      'erase',
    ]);
  });

  test('lostProfiles() names what an earlier release does not know yet', () => {
    const older = { ...before, id: '20261119T100000Z-0000', created: '2026-11-19T10:00:00Z' };
    expect(lostProfiles(before, { ...older, profiles: [discovery] })).toEqual([
      { profile: 'erase', reason: 'release 20261119T100000Z-0000 has no such profile' },
    ]);
  });

  test('lostProfiles() names the default where an earlier release has none', () => {
    const { defaultProfile, ...rest } = before;
    const older = { ...rest, id: '20261119T100000Z-0000', created: '2026-11-19T10:00:00Z' };
    expect(lostProfiles(before, older)).toEqual([
      {
        profile: defaultProfile,
        reason:
          'nodes without a profile of their own would get none: release 20261119T100000Z-0000 has no default',
      },
    ]);
    // Of a newer one it is the user's wish.
    const newer = { ...older, id: '20261121T091500Z-0002', created: later, incomplete: [] };
    expect(lostProfiles(before, newer)).toEqual([]);
  });

  test('lostProfiles() names a default that takes the place of one that can be booted', () => {
    const { defaultProfile, ...rest } = next({});
    expect(defaultProfile).toBe('discovery');
    const missing = { profile: 'new', reason: 'overlay "new" is not built' };
    const after = { ...rest, incomplete: [missing], defaultProfileMissing: missing };
    expect(lostProfiles(before, after)).toEqual([
      {
        profile: 'discovery',
        reason: 'nodes without a profile of their own would get "new": overlay "new" is not built',
      },
    ]);
  });
});
