import { writeSync } from 'node:fs';

/** Writes all bytes at a place of an open file; write(2) may take fewer at a time. */
export function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}
