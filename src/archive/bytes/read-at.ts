/** read(2) until the buffer is full or the file ends. */
import { readSync } from 'node:fs';

/** How many bytes were read: fewer than the buffer has only at the file's end. */
export function readAt(descriptor: number, buffer: Buffer, position: number): number {
  let done = 0;
  while (done < buffer.length) {
    const count = readSync(descriptor, buffer, done, buffer.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
