/** What a benchmark prints: ours beside a peer's, from runs that took turns. */

export interface Row {
  readonly name: string;
  /** Medians. */
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  readonly unit: string;
  /** Median of the rounds' own ratios; below 1 is better than the peer. */
  readonly ratio: number;
  /** Smallest and largest ratio of a round. */
  readonly spread: readonly [number, number];
  readonly rounds: number;
}

/** One pair per round. */
export function makeRow(
  name: string,
  unit: string,
  peerName: string,
  pairs: readonly (readonly [ours: number, peer: number])[],
): Row {
  const ratios = pairs.map(([ours, peer]) => ours / peer);
  return {
    name,
    ours: median(pairs.map(([ours]) => ours)),
    peer: median(pairs.map(([, peer]) => peer)),
    peerName,
    unit,
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    rounds: pairs.length,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
