/** What the main thread and the DHCP and TFTP worker say to each other: plain data only. */
import type { DecisionTable } from '../assign/decision-table.js';
import type { FullDhcpSettings } from '../dhcp/settings.js';
import type { DhcpEvent } from '../dhcp/listener.js';
import type { TftpEvent } from '../tftp/listener.js';
import type { ServedObject } from '../objects/served-object.js';

/** `workerData`. */
export interface WorkerSettings {
  readonly store: string;
  readonly interface: string;
  readonly address: string;
  readonly dhcp:
    | { readonly mode: 'off' | 'proxy' }
    | { readonly mode: 'full'; readonly settings: FullDhcpSettings };
  readonly tftp: boolean;
  readonly scriptUrl: string;
  readonly offering: Offering;
}

/** What there is to boot from at present. */
export interface Offering {
  /** By name, loaders of the current release: their objects for TFTP, their URLs for HTTP Boot. */
  readonly loaders: ReadonlyMap<string, { readonly object: ServedObject; readonly url: string }>;
  /** By name, small files that the server makes itself. */
  readonly texts: ReadonlyMap<string, string>;
  /** Which machine gets what. */
  readonly decisions: DecisionTable;
}

export type ToWorker =
  { readonly type: 'offering'; readonly offering: Offering } | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'refused'; readonly error: RefusedError }
  | { readonly type: 'event'; readonly event: DhcpEvent | TftpEvent };

/** An OnibError on its way between threads, which strip classes. */
export interface RefusedError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: 0 | 1 | 2 | 3 | 4 | 130;
}
