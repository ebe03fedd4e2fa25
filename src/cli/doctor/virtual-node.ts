/** Whether a virtual node can be started, by each firmware: tried as a boot does it, up to the first instruction. */
import { OnibError } from '../../core/errors.js';
import { FIRMWARES, type Firmware, type FoundFirmware } from '../../vm/firmware/firmware.js';
import { QEMU } from '../../vm/firmware/qemu.js';
import { tryNode } from '../../vm/trial.js';
import { installCommand, installHinted, LOAD_NETWORK_MODULES } from './fixes.js';
import { lacks, note, ok, type Check, type Finding } from './finding.js';

const TRIAL_SECONDS = 60;

async function probeNode(firmware: Firmware): Promise<Finding> {
  if (process.getuid?.() !== 0) return note('not tried: it takes root', 'sudo onib doctor');
  try {
    return ok(`QEMU builds it with ${fileOf(await tryNode(firmware, TRIAL_SECONDS))}`);
  } catch (error) {
    if (!(error instanceof OnibError)) return lacks(String(error), REINSTALL_QEMU);
    return lacks(reasonOf(error), fixOf(error));
  }
}

function fileOf(found: FoundFirmware): string {
  return found.kind === 'bios' ? found.rom : found.code.path;
}

/** What a program that failed said last; else the message. */
function reasonOf({ code, message, details }: OnibError): string {
  return (code === 'COMMAND_FAILED' ? details.at(-1) : undefined) ?? message;
}

const REINSTALL_QEMU = installCommand('--reinstall', QEMU.debianPackage, 'qemu-system-data');

/** The command that mends what kept a virtual node from starting. */
export function fixOf({ message, hint }: OnibError): string {
  const start = message.includes(QEMU.program) ? REINSTALL_QEMU : LOAD_NETWORK_MODULES;
  return installHinted(hint) ?? start;
}

export const virtualNodeChecks: readonly Check[] = (Object.keys(FIRMWARES) as Firmware[]).map(
  (firmware) => ({
    name: `virtual node, ${firmware}`,
    purpose: 'boot',
    probe: () => probeNode(firmware),
  }),
);
