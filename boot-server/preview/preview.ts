/** What a machine would be told to boot, without serving anything. */
import type { Assignment } from '../../src/contract/assignment.js';
import { Assigner } from '../assign/assigner.js';
import type { WarningEvent } from '../events.js';
import { readNic } from '../host/nic.js';
import { machineScript, type MachineScript } from '../ipxe/machine-script.js';
import { BootManifests } from '../release/boot-manifests.js';
import { StoreWatch } from '../release/store-watch.js';

export interface PreviewOptions {
  /** Absolute path of the store. */
  readonly store: string;
  /** NIC name: the script names its address. */
  readonly interface: string;
  readonly httpPort: number;
  /** As `startBootServer` takes them. */
  readonly profile?: string;
  readonly assignment?: Assignment;
  readonly extraArguments?: readonly string[];
  readonly onWarning: (event: WarningEvent) => void;
}

/**
 * The decision and the iPXE script that a server started with these options would give to a machine. Opens no port
 * and changes nothing.
 *
 * @param mac lower case, colons
 * @throws {OnibError} INTERFACE_UNKNOWN, INTERFACE_DOWN, INTERFACE_NO_ADDRESS
 */
export async function previewMachine(mac: string, options: PreviewOptions): Promise<MachineScript> {
  const { address } = readNic(options.interface);
  const watch = await StoreWatch.start({
    store: options.store,
    onChange: () => undefined,
    onWarning: options.onWarning,
  });
  watch.stop();
  const { catalogue } = watch;
  const assigner = new Assigner(options.profile, options.assignment);
  return machineScript(
    { mac },
    {
      table: assigner.tableFor(catalogue.current),
      catalogue,
      manifests: new BootManifests(),
      server: `http://${address}:${String(options.httpPort)}`,
      extraArguments: options.extraArguments ?? [],
    },
  );
}
