/** Sockets of this process in another network namespace (setns(2)): a socket stays where it was made. */
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const CLONE_NEWNET = 0x40000000;

const setns = koffi.load('libc.so.6').func('int setns(int, int)') as (
  descriptor: number,
  kind: number,
) => number;

/** @param make Must make its sockets before it first waits for anything. */
export function inNetwork<Made>(file: string, make: () => Made): Made {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  const other = openSync(file, 'r');
  try {
    enter(other);
    try {
      return make();
    } finally {
      enter(own);
    }
  } finally {
    closeSync(other);
    closeSync(own);
  }
}

function enter(descriptor: number): void {
  if (setns(descriptor, CLONE_NEWNET) !== 0) {
    throw new Error(`setns gives errno ${String(koffi.errno())}`);
  }
}
