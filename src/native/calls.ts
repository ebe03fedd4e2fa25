/** Functions of a C library as functions of TypeScript. */
import type { LibraryHandle } from 'koffi';

/** The caller says its type, as a cast. */
export type NativeCall = (...args: never[]) => unknown;

/**
 * Declares functions of one library; it is loaded, and a function bound, when that is first called.
 *
 * @returns takes a prototype as in C, `int flock(int descriptor, int operation)`; a Buffer goes in as `uint8_t *`
 */
export function callsOf(load: () => LibraryHandle): (prototype: string) => NativeCall {
  return (prototype) => {
    let bound: NativeCall | undefined;
    return (...args) => {
      bound ??= load().func(prototype) as NativeCall;
      return bound(...args);
    };
  };
}
