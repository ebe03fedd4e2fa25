/** What a build would do, for commands that have something to tell without it too. */
import { OnibError, OnibErrors } from '../../core/errors.js';
import { planProject } from '../../build/engine/build.js';
import type { Plan } from '../../plan/plan.js';
import type { Context } from './context.js';
import { openProject } from './project.js';
import type { StoreOptions } from './store.js';

/** Neither: the store was named by itself, so that there is no project to ask. */
export interface ReadablePlan {
  readonly plan?: Plan;
  /** Why the project cannot be read. */
  readonly error?: unknown;
}

/** The plan of the whole project; what is wrong with the project is not thrown. */
export async function readablePlan(
  context: Context,
  { store }: StoreOptions,
): Promise<ReadablePlan> {
  if (store !== undefined) return {};
  try {
    return { plan: await planProject(await openProject(context), {}) };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isForUser(error)) throw error;
    return { error };
  }
}

/** Not a mistake of our own. */
function isForUser(error: unknown): boolean {
  if (error instanceof OnibError || error instanceof OnibErrors) return true;
  return error instanceof Error && 'syscall' in error;
}
