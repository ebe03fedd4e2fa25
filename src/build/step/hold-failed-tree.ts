/**
 * A tree that stays mounted after a failure, for `--shell-on-error`: the cell tells that it holds one, and
 * goes on to unwind when it is told to.
 */
import { OnibError } from '../../core/errors.js';
import type { CellEvent } from '../record/events.js';

/** Waits until nobody needs the tree any more; absent: failures unwind at once. */
export type Hold = (step: string, root: string, error: unknown) => Promise<void>;

/** What the builder answers when the shell has ended. */
export interface Release {
  readonly release: string;
}

interface HeldWork {
  readonly step: string;
  readonly root: string;
  /** Not for an abort, nor for what is tried in another way. */
  readonly isFinal: (error: unknown) => boolean;
}

/** Runs work in a tree, and holds the tree when it fails for good. */
export async function holdingOnError<T>(
  hold: Hold | undefined,
  { step, root, isFinal }: HeldWork,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (hold !== undefined && isFinal(error)) await hold(step, root, error);
    throw error;
  }
}

/** In the cell: emits `failed`, then waits for the answer or an abort. */
export function makeHold(
  emit: (event: CellEvent) => void,
  onMessage: (listener: (message: unknown) => void) => void,
  signal: AbortSignal,
): Hold {
  return async (step, root, error) => {
    const answered = new Promise<void>((resolve) => {
      onMessage((message) => {
        if ((message as Release).release === step) resolve();
      });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const message = error instanceof Error ? error.message : String(error);
    const details = error instanceof OnibError ? error.details : [];
    emit({ type: 'failed', step, root, message, details });
    await answered;
  };
}
