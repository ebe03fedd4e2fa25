import { describe, expect, test } from 'vitest';
import { formatPlan } from '../../../src/cli/show/plan-view.js';
import { describePlan } from '../../../src/plan/describe.js';
import { makePlan } from '../../../src/plan/make-plan.js';
import type { Plan } from '../../../src/plan/plan.js';
import { profileChanges, profileChangesInWords } from '../../../src/plan/profile-changes.js';
import { releaseContent, sameContent } from '../../../src/plan/release-content.js';
import type { Config, ProfileConfig } from '../../../src/project/config.js';
import { built, config, facts, withChangedRole } from './sample.js';

const PROFILE: ProfileConfig = {
  name: 'tools',
  base: 'base',
  kernel: 'kernel',
  overlays: ['tools'],
  arguments: [],
  nodes: [],
};
const ARTIFACTS = built(makePlan(config(), facts(), {}));

const projectWith = (profiles: readonly ProfileConfig[], defaultProfile = 'tools'): Config => ({
  ...config(),
  profiles,
  defaultProfile,
});

/** A plan over the release that the first project leaves. */
function planAfter(before: Config, after: Config, role?: string): Plan {
  const released = releaseContent(makePlan(before, facts(before, ARTIFACTS), {}), []);
  const known = { ...facts(after, ARTIFACTS), currentProfiles: released };
  return makePlan(after, role === undefined ? known : withChangedRole(role, known), {});
}

const RESCUE = { ...PROFILE, name: 'rescue', overlays: [] };

describe('makePlan() where only boot profiles changed', () => {
  test.each<[string, readonly ProfileConfig[], string, string]>([
    ['a new one', [PROFILE, RESCUE], 'tools', '"rescue" is new'],
    ['other arguments', [{ ...PROFILE, arguments: ['quiet'] }], 'tools', '"tools" changed'],
    ['one that is gone', [], 'tools', '"tools" is gone, "tools" is no longer the default'],
    ['a lost overlay', [{ ...PROFILE, overlays: ['none'] }], 'tools', '"tools" changed'],
    [
      'another default',
      [PROFILE, RESCUE],
      'rescue',
      '"rescue" is new, "rescue" is the default now',
    ],
  ])('makePlan() tells of %s', (_what, profiles, defaultProfile, words) => {
    const before = projectWith([PROFILE]);
    const plan = planAfter(before, projectWith(profiles, defaultProfile));
    expect(plan.steps).toEqual([]);
    expect(profileChangesInWords(plan.profileChanges)).toBe(words);
    const described = describePlan(plan);
    expect(described.profileChanges).toEqual(plan.profileChanges);
    expect(formatPlan(described)).toEqual([
      `boot profiles changed (${words}): onib build all makes a new release of the same artifacts`,
    ]);
  });

  test('makePlan() tells of none where all is as it was, or nodes alone changed', () => {
    const nodes = ['52:54:00:12:34:56'];
    const before = projectWith([PROFILE]);
    for (const after of [before, projectWith([{ ...PROFILE, nodes }])]) {
      expect(planAfter(before, after).profileChanges).toEqual([]);
    }
  });

  test('makePlan() leaves them out where a build makes a release anyway', () => {
    const plan = planAfter(projectWith([PROFILE]), projectWith([PROFILE, RESCUE]), 'tools');
    expect(plan.steps).toHaveLength(1);
    expect(plan.profileChanges).toEqual([]);
  });
});

describe('profileChanges()', () => {
  test('profileChanges() and sameContent() take no other words for a change', () => {
    const content = {
      artifacts: [],
      profiles: [],
      incomplete: [{ profile: 'tools', reason: 'overlay "tools" is not built' }],
      defaultProfileMissing: { profile: 'tools', reason: 'overlay "tools" is not built' },
    };
    const reason = 'overlay "tools" was made over an earlier build of base image "base"';
    const other = {
      ...content,
      incomplete: [{ profile: 'tools', reason }],
      defaultProfileMissing: { profile: 'tools', reason },
    };
    expect(profileChanges(content, other)).toEqual([]);
    expect(sameContent(content, other)).toBe(true);
    expect(sameContent(content, { ...other, incomplete: [] })).toBe(false);
  });
});
