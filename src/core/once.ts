/** Work that several ask for at the same time and that is done once. */

export class Once<T> {
  readonly #results = new Map<string, Promise<T>>();

  /** The result of the first call with this key; one that failed is tried again by the next. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#results.get(key);
    if (known !== undefined) return await known;
    const result = make();
    this.#results.set(key, result);
    result.catch(() => this.#results.delete(key));
    return await result;
  }
}
