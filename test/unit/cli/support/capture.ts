/** Streams that keep what is written, with or without a terminal behind them. */
import { Writable } from 'node:stream';
import { Context } from '../../../../src/cli/options/context.js';
import type { Streams, TerminalStream } from '../../../../src/cli/show/output.js';

class Capture extends Writable implements TerminalStream {
  readonly isTTY: boolean;
  readonly columns = 80;
  text = '';

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface Captured {
  readonly streams: Streams;
  readonly out: () => string;
  readonly err: () => string;
}

export function captureStreams(isTTY = false): Captured {
  const stdout = new Capture(isTTY);
  const stderr = new Capture(isTTY);
  return { streams: { stdout, stderr }, out: () => stdout.text, err: () => stderr.text };
}

export function captureContext(isTTY = false): Captured & { readonly context: Context } {
  const captured = captureStreams(isTTY);
  const context = new Context({
    signal: new AbortController().signal,
    streams: captured.streams,
    directory: '/nowhere',
    environment: {},
  });
  return { ...captured, context };
}
