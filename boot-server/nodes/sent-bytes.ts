/** How many bytes went to each address since the server started. Whose they are may be learned later. */

/** A flood of made-up addresses must not fill the memory: the one sent to least recently goes. */
const MOST_ADDRESSES = 40_000;

export class SentBytes {
  /** In order of the last byte. */
  readonly #byAddress = new Map<string, number>();

  add(address: string, bytes: number): void {
    const sum = this.to(address) + bytes;
    this.#byAddress.delete(address);
    this.#byAddress.set(address, sum);
    if (this.#byAddress.size > MOST_ADDRESSES) dropOldest(this.#byAddress);
  }

  to(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }
}

/** Takes the entry out that was set first. */
export function dropOldest<Value>(map: Map<string, Value>): Value | undefined {
  for (const [key, value] of map) {
    map.delete(key);
    return value;
  }
  return undefined;
}
