/**
 * squashfs and newc store a time as 32 bits without sign: 1970-01-01 to 2106-02-07, whole seconds.
 * The kernel reads both that way. A time outside becomes the nearest one inside.
 */
export function unsignedTime(seconds: number): number {
  return Math.min(Math.max(seconds, 0), 0xffffffff);
}
