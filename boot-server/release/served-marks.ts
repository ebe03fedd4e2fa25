/**
 * Leaves a trace in the store of which release was given to a node, and when: the time of
 * `<store>/served/<id>`. `onib gc` keeps what was served lately.
 *
 * The server may have no right to write there, or the store may be read-only: that is told once, and
 * serving goes on.
 */
import { chownSync, mkdirSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import type { WarningEvent } from '../events.js';

/** A rack that boots asks hundreds of times a minute. */
const QUIET_MS = 60_000;

export class ServedMarks {
  readonly #directory: string;
  readonly #onWarning: (event: WarningEvent) => void;
  readonly #marked = new Map<string, number>();
  #warned = false;

  constructor(store: string, onWarning: (event: WarningEvent) => void) {
    this.#directory = path.join(store, 'served');
    this.#onWarning = onWarning;
  }

  /** Makes the directory writable for the user that the server becomes; while it may still do so. */
  handOver(user: number, group: number): void {
    try {
      mkdirSync(this.#directory, { recursive: true });
      chownSync(this.#directory, user, group);
    } catch {
      // Told when the first mark cannot be made.
    }
  }

  /** A node was given something of this release just now. Never throws; nobody waits for it. */
  readonly note = (id: string): void => {
    const now = Date.now();
    if (now - (this.#marked.get(id) ?? 0) < QUIET_MS) return;
    this.#marked.set(id, now);
    void this.#mark(id, new Date(now)).catch((error: unknown) => {
      this.#warn(error);
    });
  };

  async #mark(id: string, now: Date): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const file = await open(path.join(this.#directory, id), 'a', 0o644);
    try {
      await file.utimes(now, now);
    } finally {
      await file.close();
    }
  }

  #warn(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const why = error instanceof Error ? error.message : String(error);
    this.#onWarning({
      type: 'warning',
      code: 'SERVED_NOT_RECORDED',
      message: `Cannot record what is served in "${this.#directory}": ${why}`,
      hint: 'let the server write there, or have gc keep more releases: onib pin, onib gc --keep',
    });
  }
}
