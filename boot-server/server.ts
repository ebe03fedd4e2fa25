/**
 * The boot server, put together: HTTP in this thread, DHCP and TFTP in a worker, both fed from the
 * catalogue of the store.
 */
import path from 'node:path';
import type { Assignment } from '../src/contract/assignment.js';
import { EXIT, OnibError } from '../src/core/errors.js';
import { settleFullDhcp } from './dhcp/settings.js';
import type { BootServerEvent } from './events.js';
import { pathOf } from '../src/contract/urls.js';
import { AUTOEXEC } from './http/boot-routes.js';
import { defaultCacheBytes, ObjectReader } from './objects/object-reader.js';
import { openHttp, type HttpListener } from './http/server.js';
import { noLinkWarning, readNic, type Nic, type NicAddress } from './host/nic.js';
import { renderAutoexec } from './ipxe/scripts.js';
import { findArgumentProblem } from '../src/contract/kernel-arguments.js';
import { findNeighbour } from './nodes/neighbours.js';
import { NodeRegistry } from './nodes/registry.js';
import type { BootServer, BootServerOptions } from './options.js';
import { dropPrivileges } from './host/privileges.js';
import { Assigner } from './assign/assigner.js';
import type { DecisionTable } from './assign/decision-table.js';
import { decideForUnnamed } from './assign/decide.js';
import { unassignedWarner } from './assign/unassigned.js';
import { BootManifests } from './release/boot-manifests.js';
import { loadersOf, type Catalogue } from './release/catalogue.js';
import { hexOf } from '../src/core/digest.js';
import { ServedMarks } from './release/served-marks.js';
import { StoreWatch } from './release/store-watch.js';
import type { Offering, WorkerSettings } from './udp/protocol.js';
import { startUdpWorker, type UdpWorker } from './udp/worker-handle.js';

/**
 * Starts serving; resolves once every port is bound.
 *
 * @throws OnibError INTERFACE_UNKNOWN, INTERFACE_DOWN, INTERFACE_NO_ADDRESS, PORT_IN_USE, PORT_DENIED, BAD_OPTION, USER_UNKNOWN,
 * STORE_MISSING, STORE_UNREADABLE;
 * OnibErrors when settings of full DHCP are wrong
 */
export async function startBootServer(options: BootServerOptions): Promise<BootServer> {
  checkOptions(options);
  const nic = readNic(options.interface);
  const dhcp = settleDhcp(options, nic);
  const { onEvent } = options;
  const registry = observeNodes(onEvent);
  const assigner = new Assigner(options.profile, options.assignment);
  const warnUnassigned = unassignedWarner(assigner, onEvent);
  const marks = new ServedMarks(options.store, onEvent);
  const parts: { udp?: UdpWorker; http?: HttpListener } = {};
  const watch = await StoreWatch.start({
    store: options.store,
    onWarning: onEvent,
    onChange: (catalogue, previous) => {
      if (!parts.http) return;
      announceRelease(catalogue, previous, onEvent);
      warnUnassigned(catalogue.current);
      parts.udp?.offer(describeOffering(catalogue, parts.http.url, assigner));
    },
  });
  const close = async (): Promise<void> => {
    watch.stop();
    await Promise.all([parts.http?.close(), parts.udp?.close()]);
  };
  try {
    const http = await openHttp({
      address: nic.address,
      port: options.httpPort,
      objects: new ObjectReader(options.store, defaultCacheBytes()),
      context: {
        registry,
        findNeighbour,
        refresh: () => watch.refresh(),
        assigner,
        manifests: new BootManifests(),
        extraArguments: options.extraArguments ?? [],
        noteServed: marks.note,
        onEvent,
      },
    });
    parts.http = http;
    const offering = describeOffering(watch.catalogue, http.url, assigner);
    const udp = await openUdp({ options, nic, dhcp, url: http.url, offering, registry });
    if (udp) parts.udp = udp;
    // Another release may have become current while the worker started.
    udp?.offer(describeOffering(watch.catalogue, http.url, assigner));
    if (options.user !== undefined) dropPrivileges(options.user, marks);
    announceStart(options, nic, http.url, assigner.tableFor(watch.catalogue.current));
    warnUnassigned(watch.catalogue.current);
    const assign = (assignment: Assignment): void => {
      assigner.assign(assignment);
      udp?.offer(describeOffering(watch.catalogue, http.url, assigner));
      announceAssignment(assignment, onEvent);
    };
    return { url: http.url, address: nic.address, nodes: () => registry.list(), assign, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function observeNodes(onEvent: BootServerOptions['onEvent']): NodeRegistry {
  return new NodeRegistry({
    now: Date.now,
    onStage: (entry, node) => {
      onEvent({ type: 'node-stage', entry, node });
    },
  });
}

function checkOptions(options: BootServerOptions): void {
  const bad = (which: string, what: string): OnibError =>
    new OnibError('BAD_OPTION', `Cannot serve "${which}": ${what}`, { exitCode: EXIT.usage });
  if (!path.isAbsolute(options.store))
    throw bad(options.store, 'the path of the store is not absolute');
  const port = options.httpPort;
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw bad(String(port), 'not a port');
  for (const argument of options.extraArguments ?? []) {
    const problem = findArgumentProblem(argument);
    if (problem !== undefined) throw bad(argument, problem);
  }
}

function settleDhcp({ dhcp }: BootServerOptions, nic: NicAddress): WorkerSettings['dhcp'] {
  if (dhcp.mode !== 'full') return { mode: dhcp.mode };
  return { mode: 'full', settings: settleFullDhcp(dhcp, nic) };
}

interface UdpParts {
  readonly options: BootServerOptions;
  readonly nic: NicAddress;
  readonly dhcp: WorkerSettings['dhcp'];
  readonly url: string;
  readonly offering: Offering;
  readonly registry: NodeRegistry;
}

async function openUdp(parts: UdpParts): Promise<UdpWorker | undefined> {
  const { options, nic, dhcp, url, offering, registry } = parts;
  const tftp = options.tftp ?? true;
  if (dhcp.mode === 'off' && !tftp) return undefined;
  return startUdpWorker(
    {
      store: options.store,
      interface: options.interface,
      address: nic.address,
      dhcp,
      tftp,
      scriptUrl: `${url}${pathOf('firstScript', {})}`,
      offering,
    },
    {
      onEvent: (event) => {
        options.onEvent(event);
        noteUdpEvent(event, registry);
      },
      onDeath: (message) => {
        options.onEvent({
          type: 'failed',
          code: 'UDP_WORKER_DIED',
          message: `Cannot go on with DHCP and TFTP: ${message}`,
        });
      },
    },
  );
}

/** A node's boot begins with the first answer to its firmware; the addresses of netbooting clients are learned. */
function noteUdpEvent(event: BootServerEvent, registry: NodeRegistry): void {
  if (event.type === 'dhcp-offer' || event.type === 'dhcp-ack') {
    if (event.client !== 'plain') registry.sawDhcp(event.mac, event.address);
    else if (event.address !== undefined) registry.sawAddress(event.mac, event.address);
  } else if (event.type === 'tftp-sent' || event.type === 'tftp-failed') {
    registry.addBytes(event.address, event.bytes);
  }
}

/** What DHCP may name and TFTP sends, and who gets what. */
function describeOffering(catalogue: Catalogue, url: string, assigner: Assigner): Offering {
  const id = catalogue.current?.id ?? '';
  return {
    loaders: new Map(
      loadersOf(catalogue).map(({ fileName, digest, size }) => [
        fileName,
        {
          object: { sha256: hexOf(digest), size },
          url: url + pathOf('releaseFile', { release: id, file: fileName }),
        },
      ]),
    ),
    texts: new Map([[AUTOEXEC, renderAutoexec(`${url}${pathOf('firstScript', {})}`)]]),
    decisions: assigner.tableFor(catalogue.current),
  };
}

function announceStart(
  options: BootServerOptions,
  nic: Nic,
  url: string,
  decisions: DecisionTable,
): void {
  const { release } = decisions;
  options.onEvent({
    type: 'listening',
    url,
    address: nic.address,
    interface: options.interface,
    dhcp: options.dhcp.mode,
    tftp: options.tftp ?? true,
    ...(release === undefined ? {} : { release }),
  });
  if (!nic.hasLink) options.onEvent(noLinkWarning(options.interface));
  // What would keep every unassigned node from booting is said now, not when the first one fails.
  const decision = decideForUnnamed(decisions);
  if (!('problem' in decision)) return;
  const { code, message, hint } = decision.problem;
  options.onEvent({ type: 'warning', code, message: `Cannot boot nodes yet: ${message}`, hint });
}

function announceAssignment(
  { file, nodes }: Assignment,
  onEvent: (event: BootServerEvent) => void,
): void {
  onEvent({ type: 'assignment-changed', file, nodes: nodes.length });
}

function announceRelease(
  catalogue: Catalogue,
  previous: Catalogue,
  onEvent: (event: BootServerEvent) => void,
): void {
  const [now, before] = [catalogue.current?.id, previous.current?.id];
  if (now === before) return;
  onEvent({
    type: 'release-changed',
    ...(now === undefined ? {} : { release: now }),
    ...(before === undefined ? {} : { previous: before }),
  });
}
