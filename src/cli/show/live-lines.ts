/** Lines at the bottom of the terminal that are drawn again and again, below lines that stay. */
import type { LiveArea, Output } from './output.js';

const ESCAPE = '\u001b[';
const REDRAW_MILLISECONDS = 200;

export class LiveLines implements LiveArea, Disposable {
  readonly #output: Output;
  readonly #draw: () => readonly string[];
  readonly #timer: NodeJS.Timeout;
  #height = 0;

  /** @param draw Gives the lines as they should stand now; each must fit the terminal's width. */
  constructor(output: Output, draw: () => readonly string[]) {
    this.#output = output;
    this.#draw = draw;
    this.#timer = setInterval(() => this.show(), REDRAW_MILLISECONDS);
    this.#timer.unref();
    output.keepBelow(this);
  }

  show(): void {
    const lines = this.#draw();
    this.#output.control(this.#erasing() + lines.map((line) => `${line}\n`).join(''));
    this.#height = lines.length;
  }

  hide(): void {
    this.#output.control(this.#erasing());
    this.#height = 0;
  }

  #erasing(): string {
    return this.#height === 0 ? '' : `${ESCAPE}${this.#height}A${ESCAPE}0J`;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.hide();
    this.#output.keepBelow(undefined);
  }
}
