/** The order of a plan's steps: several at a time, each when what it needs is there. */
import { OnibError, OnibErrors } from '../../core/errors.js';
import { Limiter } from '../../core/limiter.js';
import { hasArtifact } from '../../contract/artifact-key.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { OverlayStep, PlanStep } from '../../plan/plan.js';

type RunStep = (step: PlanStep, base: Artifact | undefined) => Promise<Artifact[]>;

/**
 * Runs steps in their order, at most `jobs` at a time. After a failure no step begins any more;
 * those that run are not disturbed.
 *
 * @throws what the steps that failed threw, in their order, when all have ended.
 */
export async function schedule(
  steps: readonly PlanStep[],
  jobs: number,
  runStep: RunStep,
): Promise<Artifact[]> {
  const limiter = new Limiter(jobs);
  const failures = new Map<PlanStep, unknown>();
  const running = new Map<PlanStep, Promise<Artifact[]>>();
  for (const step of steps) {
    const base = step.kind === 'overlay' ? baseStepOf(step, running) : undefined;
    const task = async (): Promise<Artifact[]> => {
      const [below] = (await base) ?? [];
      return await limiter.run(async () => {
        if (failures.size > 0) return [];
        try {
          return await runStep(step, below);
        } catch (error) {
          // Known before the limiter lets the next one begin.
          failures.set(step, error);
          return [];
        }
      });
    };
    running.set(step, task());
  }
  const artifacts = (await Promise.all(running.values())).flat();
  const errors = steps.filter((step) => failures.has(step)).map((step) => failures.get(step));
  if (errors.length > 0) throw allOf(errors);
  return artifacts;
}

/** One error that tells all; what is no error for users comes first and alone. */
function allOf(errors: readonly unknown[]): unknown {
  const problems = errors.flatMap((error) => {
    if (error instanceof OnibErrors) return error.problems;
    return error instanceof OnibError ? [error] : [];
  });
  const other = errors.find(
    (error) => !(error instanceof OnibError || error instanceof OnibErrors),
  );
  return errors.length === 1 ? errors[0] : (other ?? new OnibErrors(problems));
}

function baseStepOf(
  step: OverlayStep,
  running: ReadonlyMap<PlanStep, Promise<Artifact[]>>,
): Promise<Artifact[]> | undefined {
  if ('artifact' in step.base) return Promise.resolve([step.base.artifact]);
  const { planned } = step.base;
  for (const [other, artifacts] of running) {
    if (hasArtifact(other.products, { kind: 'base', name: planned })) return artifacts;
  }
  return undefined;
}
