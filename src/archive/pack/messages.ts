/** What a packing thread is given, and what it says. */
import type { ErrorData } from '../../core/error-transfer.js';
import type { OverlayJob, OverlayResult } from '../overlay/archive.js';
import type { SquashfsJob, SquashfsResult } from '../squashfs/pack-image.js';
import type { PackProgress } from '../output/context.js';

export type PackJob = SquashfsJob | OverlayJob;

export interface PackResults {
  readonly squashfs: SquashfsResult;
  readonly overlay: OverlayResult;
}

export interface WorkerInput {
  readonly job: PackJob;
  readonly descriptor: number;
  /** One 32-bit word, not 0 when the work is called off. */
  readonly stop: SharedArrayBuffer;
}

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: PackProgress }
  | { readonly kind: 'done'; readonly result: PackResults[keyof PackResults] }
  | { readonly kind: 'failed'; readonly error: ErrorData };
