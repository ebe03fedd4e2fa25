/** The part of cpio-stream 1.4 that tests use as an independent reader. */
declare module 'cpio-stream' {
  import type { Readable, Writable } from 'node:stream';

  interface Header {
    readonly name: string;
  }

  interface Extract extends Writable {
    on(
      event: 'entry',
      listener: (header: Header, content: Readable, next: () => void) => void,
    ): this;
    on(event: 'finish', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export function extract(): Extract;
}
