/** What passes between `onib boot` and the cell that the node lives in. */
import type { BootServerEvent } from '../../boot-server/index.js';
import type { FoundFirmware } from './firmware/firmware.js';
import type { PortName } from './machine/machine.js';
import type { DhcpMode } from './network/network.js';
import type { StopReason } from './machine/qmp.js';
import type { ProcessorReport } from './processors/activity.js';

export interface NodeRequest {
  /** Absolute path of the store that the boot server serves from. */
  readonly store: string;
  /** Undefined: the release's own choice for this node. */
  readonly profile: string | undefined;
  readonly firmware: FoundFirmware;
  readonly dhcp: DhcpMode;
  readonly memory: string;
  readonly cpus: number;
  readonly mac: string;
  readonly uuid: string;
  /** Kernel arguments after the profile's own. */
  readonly extraArguments: readonly string[];
  readonly shell: boolean;
}

export type NodeEvent =
  /** `at`: milliseconds since the epoch. */
  | { readonly kind: 'power-on'; readonly at: number }
  | { readonly kind: 'output'; readonly port: PortName; readonly bytes: Uint8Array }
  | { readonly kind: 'server'; readonly event: BootServerEvent }
  /** A line of the network's own server. */
  | { readonly kind: 'local-server'; readonly line: string }
  /** Answers the command of the same name. */
  | { readonly kind: 'processors'; readonly report: ProcessorReport };

export type NodeCommand =
  | { readonly kind: 'type'; readonly port: PortName; readonly bytes: Uint8Array }
  /** What its processors do: takes some seconds. */
  | { readonly kind: 'processors' }
  | { readonly kind: 'stop' };

/** How a node's run ended. */
export interface NodeEnd {
  readonly reason: StopReason;
  /** Seconds that the machine ran. */
  readonly seconds: number;
}
