/** A plan as text. */
import type { DescribedPlan } from '../../plan/describe.js';
import { profileChangesInWords } from '../../plan/profile-changes.js';

/** Above it reasons are counted, not listed: a renamed role changes every file in it. */
const MAX_REASONS = 8;

/** Undefined where a build leaves the profiles of the release as they are. */
export function profilesLine({
  profileChanges,
}: Pick<DescribedPlan, 'profileChanges'>): string | undefined {
  if (profileChanges.length === 0) return undefined;
  const what = profileChangesInWords(profileChanges);
  return `boot profiles changed (${what}): onib build all makes a new release of the same artifacts`;
}

/** Lines for `onib plan`. */
export function formatPlan(plan: DescribedPlan): string[] {
  const reused = plan.reuse.map(({ fileName }) => `   ${fileName}`);
  if (plan.steps.length + plan.drop.length + reused.length === 0) {
    return [profilesLine(plan) ?? 'nothing to build: up to date'];
  }
  const lines = plan.steps.flatMap((step, index) => {
    const shown = step.reasons.slice(0, MAX_REASONS);
    const more = step.reasons.length - shown.length;
    return [
      `${index + 1}. ${step.title}`,
      ...shown.map((reason) => `   ${reason}`),
      ...(more > 0 ? [`   and ${more} more`] : []),
    ];
  });
  const kept = plan.keep
    .map(({ fileName }) => `   ${fileName}`)
    .filter((line) => !reused.includes(line));
  const dropped = plan.drop.map(({ artifact, reason }) => `   ${artifact.fileName}: ${reason}`);
  return [
    ...(plan.steps.length === 0 ? ['nothing to build'] : lines),
    ...(reused.length === 0 ? [] : ['built before, and taken again:', ...reused]),
    ...(kept.length === 0 ? [] : ['stays:', ...kept]),
    ...(dropped.length === 0 ? [] : ['leaves the release:', ...dropped]),
  ];
}
