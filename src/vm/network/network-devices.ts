/** Brings the node's network up inside a cell; it goes with the cell's network namespace. */
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OnibError } from '../../core/errors.js';
import { start } from '../../host/command.js';
import { run } from '../../host/run.js';
import {
  localServerArguments,
  localServerBatch,
  NETWORK,
  networkBatch,
  type DhcpMode,
} from './network.js';

const IPROUTE = { debianPackage: 'iproute2' };

/** The kernel tells of a carrier about once a second, and later where it has much to do. */
const CARRIER_SECONDS = 60;

/**
 * @returns `ended` settles only when the network's own server fails: it rejects with the reason.
 * @throws {OnibError} `NETWORK_DOWN` when the bridge does not come up.
 */
export async function startNetwork(
  dhcp: DhcpMode,
  directory: string,
  onLine: (line: string) => void,
): Promise<{ readonly ended: Promise<never> }> {
  // A namespace stays as long as something refers to it: here a bind mount, on a file of ours
  // instead of below /run/netns, which every user of this machine would see.
  const peer = path.join(directory, 'local-server.netns');
  await writeFile(peer, '');
  await run(['unshare', `--net=${peer}`, 'true']);
  await run(['ip', '-batch', '-'], { ...IPROUTE, input: networkBatch(peer) });
  const inPeer = ['nsenter', `--net=${peer}`, '--'];
  await run([...inPeer, 'ip', '-batch', '-'], { ...IPROUTE, input: localServerBatch() });
  await bridgeIsUp();
  const localServer = start([...inPeer, 'dnsmasq', ...localServerArguments(dhcp)], {
    debianPackage: 'dnsmasq-base',
    onLine,
  });
  const ended = endOf(localServer.result);
  // It may fail before anybody waits for it; who waits is told.
  ended.catch(() => undefined);
  return { ended };
}

/** It is not meant to end: when it does, a node would wait for it in vain. */
async function endOf(result: Promise<unknown>): Promise<never> {
  await result;
  throw new OnibError('NETWORK_DOWN', 'Cannot go on with the node: dnsmasq ended before it did');
}

/**
 * Waits until the bridge has a carrier. The kernel passes it on from the veth pair a little after both ends
 * are up, and until then the boot server finds no such interface: Node lists only what is running.
 */
async function bridgeIsUp(): Promise<void> {
  const deadline = Date.now() + CARRIER_SECONDS * 1000;
  while (networkInterfaces()[NETWORK.bridge] === undefined) {
    if (Date.now() > deadline) {
      throw new OnibError(
        'NETWORK_DOWN',
        `Cannot put up the node's network: its bridge has no carrier after ${CARRIER_SECONDS} s`,
      );
    }
    await delay(20);
  }
}
