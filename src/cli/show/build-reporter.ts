/** Shows a build while it runs: live lines on a terminal, plain lines elsewhere, JSON on request. */
import type { BuildEvent } from '../../build/record/events.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { advance, emptyView, lastingLine, plainLine, render, summary } from './build-view.js';
import { LiveLines } from './live-lines.js';
import type { Output } from './output.js';

export class BuildReporter implements Disposable {
  readonly #output: Output;
  #live: LiveLines | undefined;
  readonly #started = performance.now();
  readonly #built: Artifact[] = [];
  #view = emptyView;
  /** Lines that came while something else had the terminal. */
  #waiting: string[] | undefined;
  #release: Extract<BuildEvent, { type: 'release' }> | undefined;

  constructor(output: Output) {
    this.#output = output;
    this.#live = this.#draw();
  }

  #draw(): LiveLines | undefined {
    const output = this.#output;
    if (!output.live) return undefined;
    return new LiveLines(output, () => render(this.#view, performance.now(), output.columns));
  }

  /** Draws and tells nothing while something else has the terminal. */
  async pausing(work: () => Promise<void>): Promise<void> {
    this[Symbol.dispose]();
    this.#waiting = [];
    try {
      await work();
    } finally {
      const lines = this.#waiting;
      this.#waiting = undefined;
      for (const line of lines) this.#output.event(line);
      this.#live = this.#draw();
    }
  }

  /** Pass this to the builder. */
  readonly onEvent = (event: BuildEvent): void => {
    if (event.type === 'step-end') this.#built.push(...event.artifacts);
    if (event.type === 'release') this.#release = event;
    this.#view = advance(this.#view, event, performance.now());
    this.#output.object({ schema: 'onib.event/1', time: Date.now() / 1000, ...event });
    const line =
      !this.#output.live || this.#output.verbose
        ? plainLine(event, this.#output.verbose)
        : lastingLine(event);
    if (this.#waiting !== undefined) this.#waiting.push(...(line === undefined ? [] : [line]));
    else if (line === undefined) this.#live?.show();
    else this.#output.event(line);
  };

  /** What was built. @returns whether there is a new release */
  showSummary(): boolean {
    if (this.#release === undefined) return false;
    const seconds = (performance.now() - this.#started) / 1000;
    this.#output.result(summary(this.#built, this.#release, seconds).join('\n'));
    return true;
  }

  [Symbol.dispose](): void {
    this.#live?.[Symbol.dispose]();
    this.#live = undefined;
  }
}
