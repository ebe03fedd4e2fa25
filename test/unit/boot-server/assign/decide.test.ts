import { describe, expect, it } from 'vitest';
import { Assigner } from '../../../../boot-server/assign/assigner.js';
import { decide, decideForUnnamed } from '../../../../boot-server/assign/decide.js';
import { makeDecisionTable } from '../../../../boot-server/assign/decision-table.js';
import type { Assignment } from '../../../../src/contract/assignment.js';
import { releaseManifest } from '../../../support/store-fixture.js';

const MAC = '52:54:00:12:34:56';
const OTHER = '52:54:00:00:00:01';

const release = releaseManifest({
  profiles: [{ name: 'discovery' }, { name: 'rescue' }, { name: 'old', nodes: [MAC] }],
});

const assignment: Assignment = {
  file: 'boot-profiles.yml',
  nodes: [{ mac: MAC, profile: 'rescue', place: 'boot-profiles.yml:4:14' }],
};

describe('decide()', () => {
  it.each<[string, Assignment | undefined, string | undefined, string, string, string]>([
    ['a line that names it', assignment, 'old', MAC, 'rescue', 'node'],
    ["the server's profile", assignment, 'old', OTHER, 'old', 'server'],
    [
      "the assignment's default",
      { ...assignment, defaultProfile: 'rescue' },
      undefined,
      OTHER,
      'rescue',
      'default',
    ],
    ["the release's default", assignment, undefined, OTHER, 'discovery', 'release'],
    ['a release of version 1, without an assignment', undefined, 'rescue', MAC, 'old', 'node'],
  ])('decide() follows %s', (_, file, server, mac, profile, rule) => {
    const table = makeDecisionTable(release, file, server);
    expect(decide({ mac }, table)).toMatchObject({ release: release.id, profile, rule });
  });

  it('decide() says which line it follows', () => {
    const table = makeDecisionTable(release, assignment, undefined);
    expect(decide({ mac: MAC }, table)).toMatchObject({
      why: `boot-profiles.yml:4:14 names ${MAC}`,
    });
  });

  it('decide() follows an assignment, not the nodes of a release of version 1', () => {
    const table = makeDecisionTable(release, { ...assignment, nodes: [] }, undefined);
    expect(decide({ mac: MAC }, table)).toMatchObject({ profile: 'discovery' });
  });

  it('decide() says why there is nothing to boot', () => {
    expect(decide({ mac: MAC }, makeDecisionTable(undefined, assignment, undefined))).toMatchObject(
      {
        problem: { code: 'NO_RELEASE' },
      },
    );
    const nothing = releaseManifest({ profiles: [{}], defaultProfile: null });
    const none = decide({ mac: OTHER }, makeDecisionTable(nothing, assignment, undefined));
    expect(none).toMatchObject({ problem: { code: 'NO_PROFILE' } });
    const unknown = decide({ mac: OTHER }, makeDecisionTable(release, assignment, 'nowhere'));
    expect(unknown).toMatchObject({ problem: { code: 'PROFILE_UNKNOWN' }, rule: 'server' });
    expect('problem' in unknown && unknown.problem.hint).toMatch(/^onib build all .*discovery/);
    const lacking = releaseManifest({ profiles: [{ overlays: ['lost.cpio.gz'] }] });
    const incomplete = decide({ mac: OTHER }, makeDecisionTable(lacking, assignment, undefined));
    expect(incomplete).toMatchObject({ problem: { code: 'PROFILE_INCOMPLETE' } });
  });

  it('decide() tells why a profile of the project is not in the release', () => {
    const second = {
      ...release,
      incomplete: [{ profile: 'erase', reason: 'overlay "erase" is not built' }],
    };
    const file = { ...assignment, defaultProfile: 'erase' };
    const { problem } = decideForUnnamed(makeDecisionTable(second, file, undefined)) as {
      problem: { code: string; message: string };
    };
    expect(problem.code).toBe('PROFILE_INCOMPLETE');
    expect(problem.message).toContain('overlay "erase" is not built');
  });

  it('makeDecisionTable() makes data that another thread can be sent', () => {
    const table = makeDecisionTable(release, assignment, undefined);
    expect(decide({ mac: MAC }, structuredClone(table))).toEqual(decide({ mac: MAC }, table));
  });
});

describe('Assigner', () => {
  it('tableFor() follows the release and the assignment, and is made once for both', () => {
    const assigner = new Assigner(undefined, undefined);
    const before = assigner.tableFor(release);
    expect(assigner.tableFor(release)).toBe(before);
    assigner.assign(assignment);
    expect(decide({ mac: MAC }, assigner.tableFor(release))).toMatchObject({ profile: 'rescue' });
    expect(assigner.tableFor(undefined).release).toBeUndefined();
  });
});
