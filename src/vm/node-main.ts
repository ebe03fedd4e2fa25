/**
 * Entry module of a node's cell: network, boot server and machine, all inside its namespaces.
 * Nothing is undone here: when this process ends, the kernel takes everything with it.
 */
import { startBootServer, type BootServer } from '../../boot-server/index.js';
import { OnibError } from '../core/errors.js';
import { serveCell, type CellIo } from '../host/cell.js';
import { Mounts } from '../host/mounts.js';
import { Machine } from './machine/machine.js';
import { PRIVATE_DIRECTORY } from './node-defaults.js';
import type { NodeCommand, NodeEnd, NodeEvent, NodeRequest } from './messages.js';
import { NETWORK } from './network/network.js';
import { NOT_STARTED } from './processors/activity.js';
import { startNetwork } from './network/network-devices.js';

serveCell<NodeRequest, NodeEvent, NodeEnd>(async (request, io) => {
  const orders = takeOrders(io);
  const directory = await new Mounts('/').tmpfs(PRIVATE_DIRECTORY, 'mode=0700');
  const network = await startNetwork(request.dhcp, directory, (line) => {
    io.emit({ kind: 'local-server', line });
  });
  const failures = new AbortController();
  const failed = Promise.race([rejection(failures.signal), network.ended]);
  // It may fail before the machine runs; the race below is where that is told.
  failed.catch(() => undefined);
  const server = await serveRelease(request, io, failures);
  const machine = await Promise.race([failed, powerOn(request, directory, io)]);
  const started = performance.now();
  orders.obey(machine);
  const reason = await Promise.race([failed, machine.ended]);
  const seconds = (performance.now() - started) / 1000;
  await server.close();
  return { reason, seconds };
});

/** Orders may come before there is a machine to obey them. */
function takeOrders(io: CellIo<NodeEvent>): { obey(machine: Machine): void } {
  const stop = new AbortController();
  let machine: Machine | undefined;
  io.onMessage((message) => {
    const command = message as NodeCommand;
    if (command.kind === 'type') machine?.write(command.port, command.bytes);
    else if (command.kind === 'processors') void tellOfProcessors(machine, io);
    else stop.abort();
  });
  const either = AbortSignal.any([io.signal, stop.signal]);
  return {
    obey: (running) => {
      machine = running;
      if (either.aborted) void running.stop();
      either.addEventListener('abort', () => void running.stop(), { once: true });
    },
  };
}

async function tellOfProcessors(
  machine: Machine | undefined,
  io: CellIo<NodeEvent>,
): Promise<void> {
  const report = await (machine?.watchProcessors() ?? NOT_STARTED);
  io.emit({ kind: 'processors', report });
}

async function serveRelease(
  request: NodeRequest,
  io: CellIo<NodeEvent>,
  failures: AbortController,
): Promise<BootServer> {
  const { range, domain, localServer } = NETWORK;
  return await startBootServer({
    store: request.store,
    interface: NETWORK.bridge,
    dhcp:
      request.dhcp === 'proxy'
        ? { mode: 'proxy' }
        : { mode: 'full', range, domain, router: localServer, nameservers: [localServer] },
    httpPort: NETWORK.httpPort,
    extraArguments: request.extraArguments,
    ...(request.profile === undefined ? {} : { profile: request.profile }),
    onEvent: (event) => {
      io.emit({ kind: 'server', event });
      if (event.type === 'failed') failures.abort(new OnibError(event.code, event.message));
    },
  });
}

async function powerOn(
  request: NodeRequest,
  directory: string,
  io: CellIo<NodeEvent>,
): Promise<Machine> {
  const machine = await Machine.powerOn({
    hardware: { ...request, tap: NETWORK.tap },
    shell: request.shell,
    directory,
    onOutput: (port, bytes) => io.emit({ kind: 'output', port, bytes }),
  });
  io.emit({ kind: 'power-on', at: Date.now() });
  return machine;
}

/** Rejects with the reason when `signal` aborts. */
async function rejection(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    const fail = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
  });
}
