/** What the boot server tells while it runs. Plain data: it can be printed, or sent as a JSON line. */
import type { IgnoredReason } from './dhcp/reply.js';
import type { NodeRecord, StageRecord } from './nodes/record.js';
import type { TftpEvent } from './tftp/listener.js';

export type DhcpMode = 'off' | 'proxy' | 'full';

/** A client got an answer: an offer, an address (`ack`), or a refusal (`nak`). */
export interface DhcpAnsweredEvent {
  readonly type: 'dhcp-offer' | 'dhcp-ack' | 'dhcp-nak';
  readonly mac: string;
  /** `firmware` netboots and needs a loader, `ipxe` runs scripts, `plain` only wants an address. */
  readonly client: 'firmware' | 'ipxe' | 'plain';
  /** Name of the client architecture: `x86-64 UEFI`. */
  readonly architecture?: string;
  /** The address given; absent in proxy answers. */
  readonly address?: string;
  /** Name or URL that the client was told to boot. */
  readonly bootFile?: string;
  /** Boot profile that is decided for it; of clients that netboot, where one can be booted. */
  readonly profile?: string;
}

export interface DhcpIgnoredEvent {
  readonly type: 'dhcp-ignored';
  readonly reason: IgnoredReason;
  /** One line for a person. */
  readonly message: string;
  readonly mac?: string;
}

/** Something is not as it should be, and what mends it. */
export interface WarningEvent {
  readonly type: 'warning';
  /** SCREAMING_SNAKE. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Where in a file: `boot-profiles.yml:12:9`. */
  readonly place?: string;
}

export type BootServerEvent =
  | {
      readonly type: 'listening';
      readonly url: string;
      readonly address: string;
      readonly interface: string;
      readonly dhcp: DhcpMode;
      readonly tftp: boolean;
      /** Absent while there is none. */
      readonly release?: string;
    }
  | { readonly type: 'release-changed'; readonly release?: string; readonly previous?: string }
  /** Another assignment is followed from now on. */
  | {
      readonly type: 'assignment-changed';
      readonly file: string;
      /** How many nodes it names. */
      readonly nodes: number;
    }
  | DhcpAnsweredEvent
  | DhcpIgnoredEvent
  | TftpEvent
  | {
      readonly type: 'http-sent';
      readonly address: string;
      readonly mac?: string;
      readonly method: string;
      readonly path: string;
      readonly status: number;
      /** Of the body. */
      readonly bytes: number;
      readonly seconds: number;
      /** False: the client went away before the end. */
      readonly complete: boolean;
    }
  | { readonly type: 'node-stage'; readonly entry: StageRecord; readonly node: NodeRecord }
  | WarningEvent
  /** DHCP and TFTP have stopped; the server is of no more use and should be closed. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
