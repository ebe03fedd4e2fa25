/**
 * Worker thread that packs one archive; started by `thread.ts`, ends with its job.
 * Everything in it may block, but for what compresses on the thread pool.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { errorToData } from '../../core/error-transfer.js';
import type { PackContext } from '../output/context.js';
import type { PackJob, PackResults, WorkerInput, WorkerMessage } from './messages.js';

/** Milliseconds between two progress messages. */
const PROGRESS_INTERVAL = 100;

function send(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

function makeContext({ descriptor, stop }: WorkerInput): PackContext {
  const flag = new Int32Array(stop);
  let sent = 0;
  return {
    descriptor,
    checkpoint: () => {
      if (Atomics.load(flag, 0) !== 0) throw new Error('called off');
    },
    progress: (bytesDone, bytesTotal, phase = 'pack') => {
      const now = performance.now();
      if (now - sent < PROGRESS_INTERVAL && bytesDone < bytesTotal) return;
      sent = now;
      send({ kind: 'progress', progress: { phase, bytesDone, bytesTotal } });
    },
  };
}

/** Loads one packer: with libsquashfs an overlay would take as long again. */
async function pack(job: PackJob, context: PackContext): Promise<PackResults[keyof PackResults]> {
  switch (job.kind) {
    case 'squashfs':
      return await (await import('../squashfs/pack-image.js')).packImage(job, context);
    case 'overlay':
      return await (await import('../overlay/archive.js')).packOverlayArchive(job, context);
  }
}

const input = workerData as WorkerInput;
try {
  send({ kind: 'done', result: await pack(input.job, makeContext(input)) });
} catch (error) {
  send({ kind: 'failed', error: errorToData(error) });
}
