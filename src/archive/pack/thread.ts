/** Packs in a worker thread, into a file that appears whole or not at all. */
import { availableParallelism } from 'node:os';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { OnibError } from '../../core/errors.js';
import { errorFromData } from '../../core/error-transfer.js';
import { writeWholeFile } from '../../host/whole-file.js';
import { compiledPath } from '../../core/package.js';
import type { PackProgress } from '../output/context.js';
import { writeError } from '../output/write-error.js';
import type { PackJob, PackResults, WorkerInput, WorkerMessage } from './messages.js';

export interface PackControl {
  /** Calls the work off: the promise rejects with the signal's reason, and no file is left. */
  readonly signal?: AbortSignal;
  /** At most ten times a second. */
  readonly onProgress?: (progress: PackProgress) => void;
}

/**
 * How many blocks it pays to compress at a time. libuv's thread pool has four threads unless
 * UV_THREADPOOL_SIZE said otherwise when the process started.
 */
export function poolThreads(): number {
  const pool = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  return Math.max(1, Math.min(availableParallelism(), pool));
}

/** Runs the job; replaces `job.outFile` when all is done. */
export async function packInThread<J extends PackJob>(
  job: J,
  control: PackControl,
): Promise<PackResults[J['kind']]> {
  control.signal?.throwIfAborted();
  let result: PackResults[J['kind']] | undefined;
  try {
    const pack = async (handle: FileHandle): Promise<void> => {
      result = await runWorker(job, handle, control);
    };
    await writeWholeFile(job.outFile, pack, true);
  } catch (error) {
    throw outputError(job.outFile, error);
  }
  if (result === undefined) throw new Error('the archive was written without a result');
  return result;
}

function runWorker<J extends PackJob>(
  job: J,
  handle: FileHandle,
  { signal, onProgress }: PackControl,
): Promise<PackResults[J['kind']]> {
  const stop = new SharedArrayBuffer(4);
  const input: WorkerInput = { job, descriptor: handle.fd, stop };
  return new Promise((resolve, reject) => {
    const worker = new Worker(compiledPath('src/archive/pack/pack-main.js'), {
      workerData: input,
      // Options of the process that packs, such as --input-type, are not for this file.
      execArgv: [],
    });
    const onAbort = (): void => {
      Atomics.store(new Int32Array(stop), 0, 1);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    let outcome: () => void = () => {
      reject(new Error('the packing thread ended without a result'));
    };
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else if (message.kind === 'done') {
        const { result } = message;
        outcome = () => resolve(result as PackResults[J['kind']]);
      } else {
        const error = errorFromData(message.error);
        outcome = () => reject(signal?.aborted === true ? reasonOf(signal) : error);
      }
    });
    worker.on('error', (error) => {
      outcome = () => reject(error);
    });
    // Only now has the thread let go of the file.
    worker.on('exit', () => {
      signal?.removeEventListener('abort', onAbort);
      outcome();
    });
  });
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}

function outputError(outFile: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new OnibError(
      'PACK_OUTPUT',
      `Cannot write "${outFile}": there is no directory "${path.dirname(outFile)}"`,
      { hint: `mkdir -p ${path.dirname(outFile)}`, cause: error },
    );
  }
  return writeError(outFile, error);
}
