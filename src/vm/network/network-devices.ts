/** Brings the node's network up inside a cell; it goes with the cell's network namespace. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { start, type RunningCommand } from '../../host/command.js';
import { run } from '../../host/run.js';
import { localServerArguments, localServerBatch, networkBatch, type DhcpMode } from './network.js';

const IPROUTE = { debianPackage: 'iproute2' };

/** @returns The network's own server; its `result` settles only when it fails. */
export async function startNetwork(
  dhcp: DhcpMode,
  directory: string,
  onLine: (line: string) => void,
): Promise<RunningCommand> {
  // A namespace stays as long as something refers to it: here a bind mount, on a file of ours
  // instead of below /run/netns, which every user of this machine would see.
  const peer = path.join(directory, 'local-server.netns');
  await writeFile(peer, '');
  await run(['unshare', `--net=${peer}`, 'true']);
  await run(['ip', '-batch', '-'], { ...IPROUTE, input: networkBatch(peer) });
  const inPeer = ['nsenter', `--net=${peer}`, '--'];
  await run([...inPeer, 'ip', '-batch', '-'], { ...IPROUTE, input: localServerBatch() });
  return start([...inPeer, 'dnsmasq', ...localServerArguments(dhcp)], {
    debianPackage: 'dnsmasq-base',
    onLine,
  });
}
