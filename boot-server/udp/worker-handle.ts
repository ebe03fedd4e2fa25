/** The DHCP and TFTP worker as the main thread sees it. */
import { Worker } from 'node:worker_threads';
import { OnibError } from '../../src/core/errors.js';
import type { DhcpEvent } from '../dhcp/listener.js';
import { compiledPath } from '../../src/core/package.js';
import type { TftpEvent } from '../tftp/listener.js';
import type { FromWorker, Offering, ToWorker, WorkerSettings } from './protocol.js';

export interface UdpHandlers {
  readonly onEvent: (event: DhcpEvent | TftpEvent) => void;
  /** The worker died; DHCP and TFTP are not served any more. */
  readonly onDeath: (message: string) => void;
}

export interface UdpWorker {
  offer(offering: Offering): void;
  close(): Promise<void>;
}

/** Resolves once all sockets are bound. @throws OnibError when one cannot be */
export async function startUdpWorker(
  settings: WorkerSettings,
  handlers: UdpHandlers,
): Promise<UdpWorker> {
  const worker = new Worker(compiledPath('boot-server/udp/worker-main.js'), {
    workerData: settings,
  });
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      resolve();
    });
  });
  let closing = false;
  await started(worker);

  worker.on('message', (message: FromWorker) => {
    if (message.type === 'event' && !closing) handlers.onEvent(message.event);
  });
  let death = 'the thread ended';
  worker.on('error', (error) => {
    death = describe(error);
  });
  worker.once('exit', () => {
    if (!closing) handlers.onDeath(death);
  });
  const tell = (message: ToWorker): void => {
    worker.postMessage(message);
  };
  return {
    offer(offering) {
      tell({ type: 'offering', offering });
    },
    async close() {
      closing = true;
      tell({ type: 'close' });
      await exited;
    },
  };
}

function started(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', (error) => {
      reject(
        new OnibError('UDP_WORKER_FAILED', `Cannot start DHCP and TFTP: ${describe(error)}`, {
          cause: error,
        }),
      );
    });
    worker.once('message', (message: FromWorker) => {
      worker.removeAllListeners('error');
      if (message.type !== 'refused') {
        resolve();
        return;
      }
      const { code, hint, exitCode } = message.error;
      reject(
        new OnibError(code, message.error.message, {
          exitCode,
          ...(hint === undefined ? {} : { hint }),
        }),
      );
    });
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
