/**
 * Entry module of a trial's cell: the network and the machine that a boot would get, but for its boot
 * server; the machine is built and ends before any of its code has run.
 */
import { serveCell } from '../host/cell.js';
import { Mounts } from '../host/mounts.js';
import type { FoundFirmware } from './firmware/firmware.js';
import { Machine } from './machine/machine.js';
import { NODE_DEFAULTS, PRIVATE_DIRECTORY } from './node-defaults.js';
import { NETWORK } from './network/network.js';
import { startNetwork } from './network/network-devices.js';

serveCell<FoundFirmware, never, undefined>(async (firmware) => {
  const directory = await new Mounts('/').tmpfs(PRIVATE_DIRECTORY, 'mode=0700');
  const { ended } = await startNetwork('full', directory, () => undefined);
  const { memory, cpus, mac } = NODE_DEFAULTS;
  const machine = await Machine.powerOn({
    hardware: { firmware, memory, cpus, mac, uuid: crypto.randomUUID(), tap: NETWORK.tap },
    shell: true,
    trial: true,
    directory,
    onOutput: () => undefined,
  });
  await Promise.race([ended, machine.ended]);
  return undefined;
});
