import type { Mounts } from '../../host/mounts.js';
import { dropProvidedCopies } from '../../provision/tree/provided.js';
import { removeTraces } from './clean-tree.js';

/** A tree that is mounted for provisioning; closing it leaves the changes alone, without traces. */
export class OpenTree implements AsyncDisposable {
  readonly root: string;
  readonly #mounts: Mounts;
  readonly #changes: string;
  readonly #provided: string;

  constructor(root: string, mounts: Mounts, changes: string, provided: string) {
    this.root = root;
    this.#mounts = mounts;
    this.#changes = changes;
    this.#provided = provided;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mounts[Symbol.asyncDispose]();
    await dropProvidedCopies(this.#changes, this.#provided);
    await removeTraces(this.#changes);
  }
}
