/** The builder's side of `--shell-on-error`: one failed tree after the other is shown to the user. */
import { firstProcessOf } from '../../host/terminal-shell.js';
import type { BuildEvent } from '../record/events.js';
import type { Release } from '../step/hold-failed-tree.js';

/** A step that failed, with its tree as it was. */
export interface FailedTree {
  readonly step: string;
  /** Absolute path of the tree, as `pid` sees it. */
  readonly root: string;
  /** A process that has the tree mounted. */
  readonly pid: number;
  readonly message: string;
  readonly details: readonly string[];
}

/** Called with each tree; the tree is there until it resolves. */
export type OnFailedTree = (tree: FailedTree) => Promise<void>;

export class FailedTrees {
  readonly #onFailedTree: OnFailedTree;
  #last: Promise<void> = Promise.resolve();

  constructor(onFailedTree: OnFailedTree) {
    this.#onFailedTree = onFailedTree;
  }

  /** @param cell The process that made the cell's namespaces. */
  show(
    { step, root, message, details }: Extract<BuildEvent, { type: 'failed' }>,
    cell: { readonly pid: number; send(message: unknown): void },
  ): void {
    this.#last = this.#last
      .then(async () => {
        const pid = await firstProcessOf(cell.pid);
        await this.#onFailedTree({ step, root, pid, message, details });
      })
      .catch(() => undefined)
      .then(() => {
        cell.send({ release: step } satisfies Release);
      });
  }
}
