/** Entry of the worker thread that runs DHCP and TFTP: apart from HTTP, whose storms would delay their answers. */
import { parentPort, workerData } from 'node:worker_threads';
import { OnibError } from '../../src/core/errors.js';
import { decide } from '../assign/decide.js';
import { DhcpListener } from '../dhcp/listener.js';
import { defaultCacheBytes, ObjectReader } from '../objects/object-reader.js';
import { TftpListener } from '../tftp/listener.js';
import { openDeviceSocket } from './device-socket.js';
import type { FromWorker, Offering, ToWorker, WorkerSettings } from './protocol.js';

const settings = workerData as WorkerSettings;
let offering: Offering = settings.offering;
/** Loaders are small; the cache holds those of several releases. */
const objects = new ObjectReader(settings.store, defaultCacheBytes() / 8);

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

async function openDhcp(): Promise<DhcpListener | undefined> {
  const { dhcp } = settings;
  if (dhcp.mode === 'off') return undefined;
  return DhcpListener.open({
    openSocket: (port) =>
      openDeviceSocket({ device: settings.interface, address: '0.0.0.0', port }),
    full: dhcp.mode === 'full' ? dhcp.settings : undefined,
    sources: () => ({
      address: settings.address,
      scriptUrl: settings.scriptUrl,
      loaders: new Map([...offering.loaders].map(([name, { url }]) => [name, url])),
    }),
    decide: (machine) => decide(machine, offering.decisions),
    onEvent: (event) => {
      tell({ type: 'event', event });
    },
  });
}

async function openTftp(): Promise<TftpListener | undefined> {
  if (!settings.tftp) return undefined;
  return TftpListener.open({
    openSocket: (port) =>
      openDeviceSocket({ device: settings.interface, address: settings.address, port }),
    readFile,
    onEvent: (event) => {
      tell({ type: 'event', event });
    },
  });
}

async function readFile(name: string): Promise<Buffer | undefined> {
  const text = offering.texts.get(name);
  if (text !== undefined) return Buffer.from(text);
  const loader = offering.loaders.get(name);
  if (loader === undefined) return undefined;
  const content = await objects.open(loader.object);
  if (content.kind === 'memory') return content.bytes;
  await content.handle.close();
  throw new OnibError(
    'LOADER_TOO_BIG',
    `Cannot send "${name}" by TFTP: ${String(loader.object.size)} bytes`,
  );
}

async function start(): Promise<void> {
  const dhcp = await openDhcp();
  const tftp = await openTftp();
  parentPort?.on('message', (message: ToWorker) => {
    if (message.type === 'offering') {
      offering = message.offering;
      return;
    }
    dhcp?.close();
    tftp?.close();
    parentPort?.close();
  });
  tell({ type: 'ready' });
}

try {
  await start();
} catch (error) {
  if (!(error instanceof OnibError)) throw error;
  const { code, message, hint, exitCode } = error;
  tell({ type: 'refused', error: { code, message, hint, exitCode } });
  // Sockets that are open already would keep the thread alive.
  process.exit(1);
}
