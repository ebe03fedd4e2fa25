/** What packing gets from the thread that asked for it. */
export interface PackContext {
  /** The archive: an open, empty file. */
  readonly descriptor: number;
  /** Throws when the work was called off; called between any two steps that take long. */
  readonly checkpoint: () => void;
  readonly progress: (bytesDone: number, bytesTotal: number, phase?: PackPhase) => void;
}

/** Packing, and then, of a squashfs image, reading it back. */
export type PackPhase = 'pack' | 'read-back';

export interface PackProgress {
  readonly phase: PackPhase;
  /** Bytes of files read so far. */
  readonly bytesDone: number;
  /** Bytes of all files, hard-linked ones once. */
  readonly bytesTotal: number;
}
