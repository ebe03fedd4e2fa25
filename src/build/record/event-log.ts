/** What a run told, as JSON lines in the order in which it was told: `logs/<run>/events.jsonl`. */
import { appendFile } from 'node:fs/promises';
import type { BuildEvent } from './events.js';

export class EventLog {
  readonly #file: string;
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(file: string) {
    this.#file = file;
  }

  add(event: BuildEvent): void {
    const line = `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`;
    // A disk that is full must not end the builder here, in the middle of its work.
    this.#last = this.#last
      .then(() => appendFile(this.#file, line, { mode: 0o600 }))
      .catch((error: unknown) => {
        this.#failure ??= error;
      });
  }

  /** Resolves when everything is written, or cannot be. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** @throws what the first line that could not be written met. */
  throwIfIncomplete(): void {
    if (this.#failure !== undefined) throw this.#failure as Error;
  }
}
