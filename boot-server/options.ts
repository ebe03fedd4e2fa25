/** What `startBootServer` takes. All but `onEvent` is plain data that JSON can carry. */
import type { Assignment } from '../src/contract/assignment.js';
import type { AddressRange } from './dhcp/leases.js';
import type { BootServerEvent } from './events.js';
import type { NodeRecord } from './nodes/record.js';

export interface FullDhcpOptions {
  readonly mode: 'full';
  readonly range: AddressRange;
  /** Default: the NIC's own. */
  readonly netmask?: string;
  /** Default: nodes get none. */
  readonly router?: string;
  /** Default: nodes get none. */
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  /** Default: 3600. */
  readonly leaseSeconds?: number;
}

export type DhcpOptions = { readonly mode: 'off' } | { readonly mode: 'proxy' } | FullDhcpOptions;

export interface BootServerOptions {
  /** Absolute path of the store. */
  readonly store: string;
  /** NIC name; DHCP and TFTP are bound to it, HTTP to its first IPv4 address. */
  readonly interface: string;
  readonly dhcp: DhcpOptions;
  /** 0: any free one. */
  readonly httpPort: number;
  /** Default: true. */
  readonly tftp?: boolean;
  /** Profile of nodes that nothing names, before every other default. */
  readonly profile?: string;
  /**
   * Which node gets which profile; `assign` changes it later. Default: nobody says so, and releases of version 1
   * assign their nodes themselves.
   */
  readonly assignment?: Assignment;
  /** More words for every node's kernel command line. */
  readonly extraArguments?: readonly string[];
  /** User to become, when started as root, once all ports are bound. */
  readonly user?: string;
  /** Called for everything that happens; must not throw. */
  readonly onEvent: (event: BootServerEvent) => void;
}

export interface BootServer {
  /** `http://10.0.0.5:8080`. */
  readonly url: string;
  /** IPv4 address of the NIC. */
  readonly address: string;
  nodes(): readonly NodeRecord[];
  /** Every script that is asked for from now on follows this. */
  assign(assignment: Assignment): void;
  /** Ends all listeners and transfers. */
  close(): Promise<void>;
}
