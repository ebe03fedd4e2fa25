/** Chance that can be had again: the seed is printed, and ONIB_TEST_SEED sets it. */

/** Numbers from 0 to 1, as Math.random() gives them (mulberry32). */
export function seededRandom(): () => number {
  const seed = Number(process.env.ONIB_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`ONIB_TEST_SEED=${String(seed)}`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
