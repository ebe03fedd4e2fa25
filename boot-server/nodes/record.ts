/** What the server knows of a node: plain data, the JSON of `/v1/nodes`. */
import type { Stage } from '../../src/contract/stages.js';
import type { MachineIdentity } from '../assign/machine.js';

export interface StageRecord {
  readonly stage: Stage;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Since this boot's first stage, by the server's clock. */
  readonly seconds: number;
  /** Bytes of HTTP and TFTP that the server had sent to the node in this boot. */
  readonly servedBytes: number;
  /** Seconds since the kernel started, as the node says. */
  readonly uptime?: number;
  /** Bytes fetched so far, as the node says. */
  readonly fetchedBytes?: number;
  /** Of `failed`: docs/boot-errors.md has a line for each. */
  readonly code?: string;
  readonly detail?: string;
}

export interface NodeRecord extends MachineIdentity {
  /** Lower case, colons. */
  readonly mac: string;
  readonly address?: string;
  readonly profile?: string;
  readonly release?: string;
  /** The last one reached. */
  readonly stage?: Stage;
  /** Boots seen, the present one included. */
  readonly boots: number;
  /** ISO 8601, UTC. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Bytes sent to the node in this boot. */
  readonly servedBytes: number;
  /** Of this boot, oldest first. */
  readonly timeline: readonly StageRecord[];
}
