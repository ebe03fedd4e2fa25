import { describe, expect, test } from 'vitest';
import { shortDigest, type Digest } from '../../../src/core/digest.js';
import { OnibErrors } from '../../../src/core/errors.js';
import { formatPlan } from '../../../src/cli/show/plan-view.js';
import { describePlan } from '../../../src/plan/describe.js';
import { makePlan } from '../../../src/plan/make-plan.js';
import type { Facts } from '../../../src/plan/facts.js';
import type { Plan } from '../../../src/plan/plan.js';
import { askedDigest, requestDigest } from '../../../src/plan/inputs/package-inputs.js';
import type { Config, ImageConfig } from '../../../src/project/config.js';
import type { ImageLock, LockedPackage, PackageLock } from '../../../src/lock/model.js';
import type { Artifact } from '../../../src/contract/release-manifest.js';
import {
  built,
  config,
  digest,
  facts,
  image,
  lockOf,
  SETTINGS,
  withChangedRole,
} from './sample.js';

const titles = (plan: Plan): string[] => plan.steps.map(({ title }) => title);
const reasons = (plan: Plan): Record<string, readonly string[]> =>
  Object.fromEntries(plan.steps.map((step) => [step.title, step.reasons]));
const names = (artifacts: readonly Artifact[]): string[] =>
  artifacts.map(({ fileName }) => fileName).sort();

/** The sample project after a first `build all`. */
function release(from: Config = config()): Artifact[] {
  return built(makePlan(from, facts(from), {}));
}

function changedImage(name: string, change: Partial<ImageConfig>): Config {
  return config(config().images.map((one) => (one.name === name ? { ...one, ...change } : one)));
}

function changedRole(name: string, current: readonly Artifact[]): Facts {
  return withChangedRole(name, facts(config(), current));
}

/** An overlay as it is recorded over a base of that digest. */
function over(artifact: Artifact, base: Digest): Artifact {
  return { ...artifact, baseDigest: base, inputs: { ...artifact.inputs, base } };
}

describe('makePlan() of everything', () => {
  test('makePlan() builds all in an order in which nothing waits for what comes later', () => {
    const plan = makePlan(config(), facts(), {});
    expect(titles(plan)).toEqual([
      'kernel set kernel',
      'base base',
      'overlay discovery',
      'overlay tools',
      'boot loaders',
    ]);
    expect(new Set(Object.values(reasons(plan)).flat())).toEqual(new Set(['first build']));
    expect(plan).toMatchObject({ root: '/p', store: '/p/builds', keep: [], drop: [] });
    expect(plan.steps[1]).toMatchObject({ fileName: 'base.trixie.squashfs' });
    expect(plan.steps[2]).toMatchObject({
      fileName: 'discovery.overlay.cpio.gz',
      base: { planned: 'base' },
      sources: { lines: ['deb http://mirror.example/debian trixie main'] },
    });
  });

  test('makePlan() builds nothing when nothing changed', () => {
    const current = release();
    const plan = makePlan(config(), facts(config(), current), {});
    expect(plan.steps).toEqual([]);
    expect(names(plan.keep)).toEqual(names(current));
    expect(formatPlan(describePlan(plan))).toEqual(['nothing to build: up to date']);
  });

  test('makePlan() gives plain frozen data that survives JSON', () => {
    const plan = makePlan(config(), facts(), {});
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(Object.isFrozen(plan.steps[0]?.inputs)).toBe(true);
    expect(() => (plan.steps as unknown[]).pop()).toThrow(TypeError);
  });

  test('makePlan() of an empty project is empty', () => {
    const empty = config([]);
    expect(makePlan(empty, facts(empty), {}).steps).toEqual([]);
  });
});

describe('makePlan() after a change', () => {
  test('makePlan() rebuilds one overlay for a change in its role', () => {
    const current = release();
    const plan = makePlan(config(), changedRole('tools', current), {});
    expect(reasons(plan)).toEqual({
      'overlay tools': ['roles/overlay/tools/tasks/main.yml changed'],
    });
    expect(plan.steps[0]).toMatchObject({ base: { artifact: { kind: 'base' } } });
    expect(names(plan.keep)).not.toContain('tools.overlay.cpio.gz');
    expect(names(built(plan, 'second'))).toEqual(names(current));
  });

  test('makePlan() rebuilds what stands on a changed base', () => {
    const plan = makePlan(config(), changedRole('base', release()), {});
    expect(reasons(plan)).toEqual({
      'base base': ['roles/base/base/tasks/main.yml changed'],
      'overlay discovery': ['base image "base" is rebuilt'],
      'overlay tools': ['base image "base" is rebuilt'],
    });
  });

  test('makePlan() touches neither base nor overlays for a new kernel', () => {
    const changed = changedImage('kernel', {
      variables: { kernel_package: 'linux-image-rt-amd64' },
    });
    const plan = makePlan(changed, facts(changed, release()), {});
    expect(reasons(plan)).toEqual({
      'kernel set kernel': ['variable colour is gone', 'variable kernel_package is new'],
    });
  });

  test.each<[string, Partial<ImageConfig>, string[]]>([
    ['a variable', { variables: { colour: 'blue' } }, ['variable colour changed']],
    ['the order of a map', { variables: { colour: 'red', map: { b: 1, a: 2 } } }, []],
    ['where packages come from', { settings: { ...SETTINGS, aptServer: 'mirror.example' } }, []],
    ['the memory that a build may take', { settings: { ...SETTINGS, buildRootSize: '1G' } }, []],
    [
      'compression',
      {
        settings: {
          ...SETTINGS,
          ...{ compression: 'zstd', compressionLevel: 15, compressionBlockSize: 1_048_576 },
        },
      },
      [
        'compression: xz → zstd',
        'compression_block_size: 131072 → 1048576',
        'compression_level: none → 15',
      ],
    ],
    [
      'the bootstrapper',
      { settings: { ...SETTINGS, bootstrap: 'debootstrap' } },
      [
        'bootstrap: mmdebstrap → debootstrap',
        'debootstrap: none → not a Debian package',
        'mmdebstrap: 1.3 → none',
      ],
    ],
  ])('makePlan() sees a change of %s', (_what, change, expected) => {
    const variables = { colour: 'red', map: { a: 2, b: 1 } };
    const before = changedImage('base', _what.startsWith('the order') ? { variables } : {});
    const after = changedImage('base', change);
    const plan = makePlan(after, facts(after, release(before)), { kinds: ['base'] });
    expect(plan.steps.flatMap((step) => step.reasons)).toEqual(expected);
  });

  test('makePlan() sees new, lost and renewed tools', () => {
    const before = facts(config(), release());
    const after = { ...before, tools: { ...before.tools, 'ansible-core': '2.19' } };
    const plan = makePlan(config(), after, { files: ['tools'] });
    expect(reasons(plan)).toEqual({
      'base base': ['ansible-core: 2.14 → 2.19'],
      'overlay tools': ['ansible-core: 2.14 → 2.19', 'base image "base" is rebuilt'],
    });
  });

  test('makePlan() makes a kernel set whole again', () => {
    const current = release().filter(({ kind }) => kind !== 'modules');
    const plan = makePlan(config(), facts(config(), current), {});
    expect(reasons(plan)).toEqual({
      'kernel set kernel': ['a part is missing from the current release'],
    });
  });

  test('makePlan() does not trust an overlay that was made over another base', () => {
    const current = release().map((artifact) =>
      artifact.name === 'tools' ? over(artifact, digest('older')) : artifact,
    );
    const plan = makePlan(config(), facts(config(), current), {});
    const [was, now] = [digest('older'), digest('base base first')].map(shortDigest);
    expect(reasons(plan)).toEqual({
      'overlay tools': [`base image "base" is another build: ${String(was)} → ${String(now)}`],
    });
  });

  test('makePlan() names both base images where an overlay gets another one', () => {
    const images = [...config().images, image('base', 'small')];
    const two = config(images);
    const current = release(two);
    const changed = config(
      images.map((one) => (one.name === 'tools' ? { ...one, base: 'small' } : one)),
    );
    const told = reasons(makePlan(changed, facts(changed, current), {}));
    expect(told['overlay tools']).toContain('base image: "base" → "small"');
  });
});

describe('makePlan() of a part', () => {
  test('makePlan() builds one overlay and the base that it needs', () => {
    const first = makePlan(config(), facts(), { kinds: ['overlay'], files: ['vars/tools.yml'] });
    expect(titles(first)).toEqual(['base base', 'overlay tools']);
    const again = makePlan(config(), facts(config(), built(first)), {
      files: ['vars/discovery.yml'],
    });
    expect(titles(again)).toEqual(['overlay discovery']);
    expect(again.steps[0]).toMatchObject({
      base: { artifact: { fileName: 'base.trixie.squashfs' } },
    });
    expect(names(again.keep)).toEqual(['base.trixie.squashfs', 'tools.overlay.cpio.gz']);
  });

  test('makePlan() builds kernel set and loaders together, bases alone', () => {
    expect(titles(makePlan(config(), facts(), { kinds: ['initrd'] }))).toEqual([
      'kernel set kernel',
      'boot loaders',
    ]);
    expect(titles(makePlan(config(), facts(), { kinds: ['base'] }))).toEqual(['base base']);
  });

  test('makePlan() forces what was asked for and not what that needs', () => {
    const now = facts(config(), release());
    expect(reasons(makePlan(config(), now, { files: ['tools'], force: true }))).toEqual({
      'overlay tools': ['forced'],
    });
    expect(titles(makePlan(config(), now, { force: true }))).toHaveLength(5);
  });

  test('makePlan() drops overlays that do not fit the new base, and says so', () => {
    const plan = makePlan(config(), changedRole('base', release()), { files: ['tools'] });
    expect(titles(plan)).toEqual(['base base', 'overlay tools']);
    expect(plan.drop.map(({ artifact, reason }) => [artifact.name, reason])).toEqual([
      ['discovery', 'base image "base" is rebuilt: onib build overlay vars/discovery.yml'],
    ]);
    expect(formatPlan(describePlan(plan)).slice(-2)).toEqual([
      'leaves the release:',
      '   discovery.overlay.cpio.gz: base image "base" is rebuilt: onib build overlay vars/discovery.yml',
    ]);
  });

  test('makePlan() drops what no vars file makes any more', () => {
    const fewer = config(config().images.filter(({ name }) => name !== 'discovery'));
    const plan = makePlan(fewer, facts(fewer, release()), {});
    expect(plan.steps).toEqual([]);
    expect(plan.drop.map(({ artifact, reason }) => [artifact.name, reason])).toEqual([
      ['discovery', 'no vars file "discovery" makes it any more'],
    ]);
    const overlaysOnly = config(config().images.filter(({ kind }) => kind === 'overlay'));
    const withoutBase = makePlan(overlaysOnly, facts(overlaysOnly, release()), {
      kinds: ['overlay'],
    });
    expect(withoutBase.steps).toEqual([]);
  });

  test('makePlan() keeps apart two bases and their overlays', () => {
    const old = image('base', 'old', { settings: { ...SETTINGS, suite: 'bookworm' } });
    const legacy = image('overlay', 'legacy', { base: 'old' });
    const both = config([...config().images, old, legacy]);
    const current = release(both);
    const now = facts(both, current);
    const emptied = { files: {}, payload: new Set<string>(), words: new Set<string>() };
    const changed = { ...now, roles: { ...now.roles, '/p/roles/base/old': emptied } };
    expect(titles(makePlan(both, changed, {}))).toEqual(['base old', 'overlay legacy']);
  });
});

describe('makePlan() of what is not there', () => {
  const problems = (wanted: Parameters<typeof makePlan>[2]): unknown[] => {
    try {
      return makePlan(config(), facts(), wanted).steps.slice();
    } catch (error) {
      if (!(error instanceof OnibErrors)) throw error;
      expect(error.exitCode).toBe(2);
      return error.problems.map(({ code, message, hint }) => [code, message, hint]);
    }
  };

  test('makePlan() names the near miss and what there is', () => {
    expect(problems({ kinds: ['overlay'], files: ['vars/tolls.yml', 'vars/hello.yml'] })).toEqual([
      [
        'IMAGE_UNKNOWN',
        'Cannot build "vars/tolls.yml": there is no such vars file',
        'did you mean "tools"?',
      ],
      [
        'IMAGE_UNKNOWN',
        'Cannot build "vars/hello.yml": there is no such vars file',
        'onib new overlay hello',
      ],
    ]);
    try {
      makePlan(config(), facts(), { files: ['nothing'] });
      expect.unreachable();
    } catch (error) {
      expect((error as OnibErrors).problems[0]?.details).toEqual([
        'there is vars/base.yml (base)',
        'there is vars/discovery.yml (overlay)',
        'there is vars/kernel.yml (initrd)',
        'there is vars/tools.yml (overlay)',
      ]);
    }
  });

  test('makePlan() names the right command for an image of another kind', () => {
    expect(problems({ kinds: ['base'], files: ['vars/tools.yml'] })).toEqual([
      [
        'IMAGE_KIND',
        'Cannot build "vars/tools.yml": it is among the overlays, not the base images',
        'onib build overlay vars/tools.yml',
      ],
    ]);
  });

  test('makePlan() says so when no vars file makes such an image', () => {
    const empty = config([]);
    expect(() => makePlan(empty, facts(empty), { kinds: ['overlay'] })).toThrow(
      'Cannot build overlays: no vars file makes one',
    );
  });
});

describe('makePlan() with a lock', () => {
  const ethtool: LockedPackage = {
    ...{ name: 'ethtool', version: '1:6.1-1', architecture: 'amd64', size: 1 },
    ...{ digest: digest('ethtool'), file: 'pool/ethtool.deb' },
  };
  const newer = { ...ethtool, version: '1:6.1-2' };
  const lockOfAll = lockOf(config(), [ethtool]);
  /** The sample project, built with the lock. */
  const current = built(makePlan(config(), { ...facts(), lock: lockOfAll }, {}));
  const later = (lock: PackageLock, more: Partial<Facts> = {}): Facts => ({
    ...{ ...facts(config(), current), lock },
    ...more,
  });

  test('makePlan() builds nothing while the lock is what was built', () => {
    expect(makePlan(config(), later(lockOfAll), {}).steps).toEqual([]);
  });

  test('makePlan() rebuilds one overlay whose package has another version in the lock', () => {
    const changed = { ...lockOfAll, tools: { request: digest('x'), packages: [newer] } };
    const plan = makePlan(config(), later(changed), {});
    expect(reasons(plan)).toEqual({ 'overlay tools': ['package ethtool 1:6.1-1 → 1:6.1-2'] });
    expect(plan.steps[0]?.lock).toEqual({ packages: [newer], complete: false });
  });

  test('makePlan() takes no packages of another suite or architecture', () => {
    const lockedAs = (entry: Partial<ImageLock>): unknown => {
      const tools: ImageLock = { request: digest('x'), packages: [ethtool], ...entry };
      return makePlan(config(), later({ ...lockOfAll, tools }), { force: true }).steps.find(
        ({ lockName }) => lockName === 'tools',
      )?.lock?.packages;
    };
    expect(lockedAs({ suite: 'trixie' })).toEqual([ethtool]);
    expect(lockedAs({ suite: 'bookworm' })).toBeUndefined();
    expect(lockedAs({ architecture: 'arm64' })).toBeUndefined();
    // An overlay may bring packages of another architecture only.
    const foreign = { ...ethtool, architecture: 'i386' };
    expect(lockedAs({ packages: [foreign], architecture: 'amd64' })).toEqual([foreign]);
  });

  test('makePlan() rebuilds what the lock does not name', () => {
    const others = Object.fromEntries(
      Object.entries(lockOfAll).filter(([name]) => name !== 'tools'),
    );
    const plan = makePlan(config(), later(others), {});
    expect(reasons(plan)).toEqual({ 'overlay tools': ['onib.lock does not name its packages'] });
    expect(plan.steps[0]?.lock).toBeUndefined();
  });

  test('makePlan() rebuilds what newer packages are there for, without the lock', () => {
    const change = { package: 'ethtool', before: '1:6.1-1', after: '1:6.1-2' };
    const plan = makePlan(config(), later(lockOfAll, { newer: { tools: [change] } }), {});
    expect(reasons(plan)).toEqual({ 'overlay tools': ['package ethtool 1:6.1-1 → 1:6.1-2'] });
    expect(plan.steps[0]?.lock).toBeUndefined();
  });

  test('makePlan() knows a lock as complete while nothing can ask for another package', () => {
    const plan = makePlan(config(), { ...facts(), lock: lockOfAll }, {});
    const lock = Object.fromEntries(
      plan.steps.map((step) => [
        step.lockName,
        {
          packages: [ethtool],
          request: requestDigest(step.asked, step.kind === 'overlay' ? [ethtool] : []),
        },
      ]),
    );
    const complete = (from: Config, lockNow: PackageLock): Record<string, boolean | undefined> =>
      Object.fromEntries(
        makePlan(from, later(lockNow), { force: true }).steps.map((step) => [
          step.lockName,
          step.lock?.complete,
        ]),
      );
    const all = { kernel: true, base: true, discovery: true, tools: true, 'boot loaders': true };
    expect(complete(config(), lock)).toEqual(all);
    const variables = { colour: 'blue' };
    expect(complete(changedImage('tools', { variables }), lock)).toEqual({ ...all, tools: false });
    // What its base brings may be missing then.
    expect(complete(changedImage('base', { variables }), lock)).toEqual({
      ...all,
      ...{ base: false, discovery: false, tools: false },
    });
    const smaller = { request: lock.base?.request ?? digest(''), packages: [] };
    expect(complete(config(), { ...lock, base: smaller })).toEqual({
      ...all,
      ...{ discovery: false, tools: false },
    });
    // A file that only goes into the image asks for no package.
    const asked = askedDigest({ a: '1', 'role r/files/x': '1' }, new Set(['role r/files/x']));
    expect(asked).toBe(askedDigest({ a: '1' }, new Set()));
    expect(asked).not.toBe(askedDigest({ a: '1', 'role r/files/x': '1' }, new Set()));
  });
});
