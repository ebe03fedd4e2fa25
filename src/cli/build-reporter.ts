/** Shows a build while it runs: live lines on a terminal, plain lines elsewhere, JSON on request. */
import type { BuildEvent } from '../build/events.js';
import type { Artifact } from '../store/manifest.js';
import { advance, emptyView, lastingLine, plainLine, render, summary } from './build-view.js';
import { LiveLines } from './live-lines.js';
import type { Output } from './output.js';

export class BuildReporter implements Disposable {
  readonly #output: Output;
  readonly #live: LiveLines | undefined;
  readonly #started = performance.now();
  readonly #built: Artifact[] = [];
  #view = emptyView;
  #release: Extract<BuildEvent, { type: 'release' }> | undefined;

  constructor(output: Output) {
    this.#output = output;
    this.#live = output.live
      ? new LiveLines(output, () => render(this.#view, performance.now(), output.columns))
      : undefined;
  }

  /** Pass this to the builder. */
  readonly onEvent = (event: BuildEvent): void => {
    if (event.type === 'step-end') this.#built.push(...event.artifacts);
    if (event.type === 'release') this.#release = event;
    this.#view = advance(this.#view, event, performance.now());
    this.#output.object({ schema: 'onib.event/1', time: Date.now() / 1000, ...event });
    const line =
      this.#live === undefined || this.#output.verbose
        ? plainLine(event, this.#output.verbose)
        : lastingLine(event);
    if (line === undefined) this.#live?.show();
    else this.#output.event(line);
  };

  /** What was built. */
  showSummary(): void {
    if (this.#release === undefined) return;
    const seconds = (performance.now() - this.#started) / 1000;
    this.#output.result(summary(this.#built, this.#release, seconds).join('\n'));
  }

  [Symbol.dispose](): void {
    this.#live?.[Symbol.dispose]();
  }
}
