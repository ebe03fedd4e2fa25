/** Tries what a boot does up to the moment at which the machine's processors would start. */
import { startCell } from '../host/cell.js';
import { findFirmware } from './firmware/find-firmware.js';
import type { Firmware, FoundFirmware } from './firmware/firmware.js';

/**
 * Finds the firmware, puts up a node's network and lets QEMU build the node; nothing of it is left.
 *
 * @param seconds How long it may take.
 * @returns The firmware's files.
 * @throws {OnibError} What a boot would throw: `NOT_ROOT`, `FIRMWARE_MISSING`, `COMMAND_MISSING` (exit 3),
 *   `COMMAND_FAILED` with QEMU's own words.
 */
export async function tryNode(firmware: Firmware, seconds: number): Promise<FoundFirmware> {
  const found = await findFirmware(firmware);
  const cell = startCell<FoundFirmware, never, undefined>({
    entry: 'src/vm/trial-main.js',
    request: found,
    namespaces: ['mount', 'pid', 'net'],
    signal: AbortSignal.timeout(seconds * 1000),
  });
  await cell.result;
  return found;
}
