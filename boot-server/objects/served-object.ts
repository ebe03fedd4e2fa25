/** One immutable object of the store, as the server knows it. */
export interface ServedObject {
  /** 64 hex digits; also its name below `<store>/objects`. */
  readonly sha256: string;
  readonly size: number;
}
