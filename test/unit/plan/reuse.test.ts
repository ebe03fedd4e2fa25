import { describe, expect, test } from 'vitest';
import { shortDigest } from '../../../src/core/digest.js';
import { formatPlan } from '../../../src/cli/show/plan-view.js';
import { describePlan } from '../../../src/plan/describe.js';
import { makePlan } from '../../../src/plan/make-plan.js';
import type { Facts } from '../../../src/plan/facts.js';
import type { Plan } from '../../../src/plan/plan.js';
import type { Artifact } from '../../../src/contract/release-manifest.js';
import { built, config, facts, lockOf, withChangedRole } from './sample.js';

const titles = (plan: Plan): string[] => plan.steps.map(({ title }) => title);
const names = (artifacts: readonly Artifact[]): string[] =>
  artifacts.map(({ fileName }) => fileName).sort();

/** Everything, as a first `build all` leaves it; `mark` tells two builds apart. */
const release = (from: Facts = facts(), mark = 'first'): Artifact[] =>
  built(makePlan(config(), from, {}), mark);

/** Without a release, but with the lock that builds left. */
const noRelease = (known: readonly (readonly Artifact[])[]): Facts => ({
  ...facts(),
  lock: lockOf(config()),
  known,
});

describe('makePlan() with what was built before', () => {
  test('makePlan() takes what a failed build had finished', () => {
    const all = release();
    const done = all.filter(({ kind }) => kind === 'base' || kind === 'kernel');
    const plan = makePlan(config(), noRelease([done]), {});
    // Of the kernel set only the kernel is there: it is built again as a whole.
    expect(titles(plan)).toEqual([
      'kernel set kernel',
      'overlay discovery',
      'overlay tools',
      'boot loaders',
    ]);
    expect(names(plan.reuse)).toEqual(['base.trixie.squashfs']);
    expect(names(plan.keep)).toEqual(['base.trixie.squashfs']);
    const base = done.find(({ kind }) => kind === 'base');
    expect(plan.steps[1]).toMatchObject({ base: { artifact: base } });
    expect(formatPlan(describePlan(plan))).toContain('built before, and taken again:');
  });

  test('makePlan() takes a whole earlier release when a change is taken back', () => {
    const before = release();
    const now = release(withChangedRole('base', facts()), 'second');
    const plan = makePlan(config(), { ...facts(config(), now), known: [before] }, {});
    expect(plan.steps).toEqual([]);
    expect(plan.drop).toEqual([]);
    expect(names(plan.keep)).toEqual(names(before));
    // Loaders and kernel set are in the current release.
    expect(names(plan.reuse)).toEqual([
      'base.trixie.squashfs',
      'discovery.overlay.cpio.gz',
      'tools.overlay.cpio.gz',
    ]);
  });

  test('makePlan() takes no overlay that was made over another base', () => {
    const before = release();
    const overlays = before.filter(({ kind }) => kind === 'overlay');
    const current = release(facts(), 'second').filter(({ kind }) => kind !== 'overlay');
    const plan = makePlan(config(), { ...facts(config(), current), known: [overlays] }, {});
    expect(titles(plan)).toEqual(['overlay discovery', 'overlay tools']);
    expect(plan.reuse).toEqual([]);
    // Built before: no first build, though the current release does not have it.
    const base = (from: readonly Artifact[]): string =>
      shortDigest(from.find(({ kind }) => kind === 'base')?.digest ?? 'sha256:');
    const gone = 'it is not in the current release';
    const another = `base image "base" is another build: ${base(before)} → ${base(current)}`;
    expect(plan.steps[0]?.reasons).toEqual([gone, another]);
    const changed = withChangedRole('tools', { ...facts(config(), current), known: [overlays] });
    expect(makePlan(config(), changed, {}).steps[1]?.reasons).toEqual([
      ...[gone, 'roles/overlay/tools/tasks/main.yml changed', another],
    ]);
  });

  test('makePlan() takes nothing of an image whose packages are open', () => {
    const plan = makePlan(config(), { ...facts(), known: [release()] }, {});
    expect(plan.steps).toHaveLength(5);
    expect(plan.reuse).toEqual([]);
  });

  test('makePlan() mixes no parts of two kernel sets', () => {
    const [one, other] = [release(), release(facts(), 'second')];
    const known = [
      one.filter(({ kind }) => kind === 'kernel'),
      other.filter(({ kind }) => kind === 'initrd' || kind === 'modules'),
    ];
    const plan = makePlan(config(), noRelease(known), { kinds: ['initrd'], files: ['kernel'] });
    expect(titles(plan)).toEqual(['kernel set kernel']);
  });

  test('makePlan() leaves alone what was not asked for, and takes nothing when forced', () => {
    const before = release();
    const asked = { kinds: ['base'] as const };
    const plan = makePlan(config(), noRelease([before]), asked);
    expect(names(plan.keep)).toEqual(['base.trixie.squashfs']);
    const forced = makePlan(config(), noRelease([before]), { ...asked, force: true });
    expect(titles(forced)).toEqual(['base base']);
    expect(forced.reuse).toEqual([]);
  });
});
