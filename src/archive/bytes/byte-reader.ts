/** Takes exact numbers of bytes from a stream that comes in pieces of any size. */
export class ByteReader {
  private readonly iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  private buffered: Buffer = Buffer.alloc(0);
  private ended = false;
  /** Bytes taken so far. */
  position = 0;

  /** `failure` makes the error for a stream that ends too early. */
  constructor(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    private readonly failure: (what: string) => Error,
  ) {
    this.iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Exactly `count` bytes. */
  async take(count: number): Promise<Buffer> {
    await this.fill(count);
    if (this.buffered.length < count) throw this.endsEarly(count);
    return this.consume(count);
  }

  /** At least one byte and at most `count`, as they come. */
  async takeSome(count: number): Promise<Buffer> {
    await this.fill(1);
    if (this.buffered.length === 0) throw this.endsEarly(count);
    return this.consume(Math.min(count, this.buffered.length));
  }

  /** Up to `count` bytes without taking them; fewer only at the end. */
  async peek(count: number): Promise<Buffer> {
    await this.fill(count);
    return this.buffered.subarray(0, count);
  }

  /** What is at hand, at least one byte, without taking it. */
  async peekSome(): Promise<Buffer> {
    await this.fill(1);
    if (this.buffered.length === 0) throw this.endsEarly(1);
    return this.buffered;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) left -= (await this.takeSome(left)).length;
  }

  /** What is left of the stream. */
  async *rest(): AsyncGenerator<Buffer> {
    for (;;) {
      await this.fill(1);
      if (this.buffered.length === 0) return;
      yield this.consume(this.buffered.length);
    }
  }

  private consume(count: number): Buffer {
    const bytes = this.buffered.subarray(0, count);
    this.buffered = this.buffered.subarray(count);
    this.position += count;
    return bytes;
  }

  private async fill(count: number): Promise<void> {
    if (this.buffered.length >= count || this.ended) return;
    const pieces: Uint8Array[] = [this.buffered];
    let length = this.buffered.length;
    while (length < count) {
      const next = await this.iterator.next();
      if (next.done === true) {
        this.ended = true;
        break;
      }
      pieces.push(next.value);
      length += next.value.length;
    }
    this.buffered = Buffer.concat(pieces);
  }

  private endsEarly(count: number): Error {
    const end = this.position + this.buffered.length;
    return this.failure(
      `it ends at byte ${String(end)}, ${String(count - this.buffered.length)} bytes too early`,
    );
  }
}
