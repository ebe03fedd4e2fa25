/**
 * The log of one step. Output comes while a command runs, from where nobody could catch an error: a line that
 * cannot be written is told when the next stage begins.
 */
import { appendFileSync } from 'node:fs';

export class StepLog {
  readonly #file: string;
  #failure: Error | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  add(line: string): void {
    try {
      appendFileSync(this.#file, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      this.#failure ??= error as Error;
    }
  }

  /** @throws what the first line that could not be written met */
  throwIfIncomplete(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
