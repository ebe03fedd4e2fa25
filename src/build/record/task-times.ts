/** When each provisioning task ran: a file that was made meanwhile was made by that task. */
import type { SourcePlace } from '../../core/errors.js';

export interface TimedTask {
  readonly task: string;
  readonly role?: string;
  readonly where?: SourcePlace;
}

interface Span extends TimedTask {
  readonly start: number;
  end?: number;
}

export class TaskTimes {
  readonly #spans: Span[] = [];

  /** @param now Milliseconds since 1970. */
  start(task: TimedTask, now: number): void {
    this.end(now);
    this.#spans.push({ ...task, start: now });
  }

  end(now: number): void {
    const last = this.#spans.at(-1);
    if (last !== undefined) last.end ??= now;
  }

  /** The task that ran at a time; undefined before, between and after tasks. */
  at(time: number): TimedTask | undefined {
    return this.#spans.find(({ start, end }) => start <= time && time <= (end ?? Infinity));
  }
}
