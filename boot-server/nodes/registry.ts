/**
 * Observes nodes: what DHCP, scripts and reports tell becomes the state of each node since the server started. Memory
 * only; no clock and no socket of its own.
 */
import type { MachineIdentity } from '../assign/machine.js';
import type { NodeRecord, StageRecord } from './record.js';
import type { NodeReport } from './report.js';
import { dropOldest, SentBytes } from './sent-bytes.js';
import { newEntry, nodeRecord, type NodeEntry } from './view.js';
import type { Stage } from '../../src/contract/stages.js';

export interface RegistryOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onStage: (entry: StageRecord, node: NodeRecord) => void;
}

/** A flood of made-up MACs must not fill the memory: the one heard least recently goes. */
const MOST_NODES = 20_000;
/** A node that reports for ever keeps its first stages and loses later ones. */
const LONGEST_TIMELINE = 200;
/** A node that was silent this long and asks for a loader again was switched off and on. */
const FORGOTTEN_MS = 60_000;

export class NodeRegistry {
  readonly #options: RegistryOptions;
  /** In order of last contact. */
  readonly #nodes = new Map<string, NodeEntry>();
  readonly #ownerByAddress = new Map<string, string>();
  readonly #sent = new SentBytes();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  list(): NodeRecord[] {
    return [...this.#nodes.values()].map((entry) => this.#describe(entry));
  }

  find(mac: string): NodeRecord | undefined {
    const entry = this.#nodes.get(mac);
    return entry && this.#describe(entry);
  }

  ownerOf(address: string): string | undefined {
    return this.#ownerByAddress.get(address);
  }

  /** A netbooting client was answered by DHCP. @param address the one given to it, when we gave it */
  sawDhcp(mac: string, address: string | undefined): void {
    const entry = this.#touch(mac);
    const { now } = this.#options;
    const last = entry.timeline.at(-1);
    const isSameBoot = last?.stage === 'dhcp' && now() - Date.parse(last.at) < FORGOTTEN_MS;
    if (address !== undefined) this.#setAddress(entry, address);
    // Firmware, its loader and each retry ask by DHCP: the first of them began the boot.
    if (isSameBoot) return;
    this.#beginBoot(entry);
    this.#add(entry, 'dhcp', {});
  }

  /** Full DHCP gave an address to a client that does not netboot: known nodes (their initrd asks so) keep track of it. */
  sawAddress(mac: string, address: string): void {
    const entry = this.#nodes.get(mac);
    if (entry) this.#setAddress(entry, address);
  }

  /** The node asked for its script. @param address where from; undefined when that is not to be trusted */
  sawScript(
    mac: string,
    details: {
      readonly address: string | undefined;
      readonly identity: MachineIdentity;
      readonly profile?: string;
      readonly release?: string;
    },
  ): void {
    const entry = this.#touch(mac);
    const stage = entry.timeline.at(-1)?.stage;
    if (stage !== 'dhcp' && stage !== 'script') this.#beginBoot(entry);
    if (details.address !== undefined) this.#setAddress(entry, details.address);
    entry.identity = details.identity;
    setOptional(entry, 'profile', details.profile);
    setOptional(entry, 'release', details.release);
    if (stage !== 'script') this.#add(entry, 'script', {});
  }

  /** The node reported a stage, from an address that was found to be its own. */
  sawReport(mac: string, address: string, report: NodeReport): void {
    const entry = this.#touch(mac);
    if (entry.boots === 0) this.#beginBoot(entry);
    this.#setAddress(entry, address);
    if (report.profile !== undefined) entry.profile = report.profile;
    if (report.release !== undefined) entry.release = report.release;
    this.#add(entry, report.stage, {
      ...(report.uptime === undefined ? {} : { uptime: report.uptime }),
      ...(report.bytes === undefined ? {} : { fetchedBytes: report.bytes }),
      ...(report.code === undefined ? {} : { code: report.code }),
      ...(report.detail === undefined ? {} : { detail: report.detail }),
    });
  }

  /** Bytes went to an address; whose they are may be learned later. */
  addBytes(address: string, bytes: number): void {
    this.#sent.add(address, bytes);
  }

  #touch(mac: string): NodeEntry {
    const now = this.#options.now();
    const entry = this.#nodes.get(mac) ?? newEntry(mac, now);
    entry.lastSeen = now;
    this.#nodes.delete(mac);
    this.#nodes.set(mac, entry);
    if (this.#nodes.size > MOST_NODES) {
      const oldest = dropOldest(this.#nodes);
      if (oldest?.address !== undefined) this.#ownerByAddress.delete(oldest.address);
    }
    return entry;
  }

  #beginBoot(entry: NodeEntry): void {
    entry.boots += 1;
    entry.timeline = [];
    entry.bytesBefore = entry.address === undefined ? 0 : this.#sent.to(entry.address);
  }

  #setAddress(entry: NodeEntry, address: string): void {
    if (entry.address === address) return;
    const previousOwner = this.#nodes.get(this.#ownerByAddress.get(address) ?? '');
    const sentSoFar = this.#sentInBoot(entry);
    if (entry.address !== undefined) this.#ownerByAddress.delete(entry.address);
    // What an address got while nobody was known to own it was this node's: its loader, by TFTP.
    const foreign = previousOwner === undefined ? 0 : this.#sent.to(address);
    if (previousOwner) delete previousOwner.address;
    entry.bytesBefore = foreign - sentSoFar;
    entry.address = address;
    this.#ownerByAddress.set(address, entry.mac);
  }

  #sentInBoot(entry: NodeEntry): number {
    return entry.address === undefined ? 0 : this.#sent.to(entry.address) - entry.bytesBefore;
  }

  #add(entry: NodeEntry, stage: Stage, extra: Partial<StageRecord>): void {
    if (entry.timeline.length >= LONGEST_TIMELINE) entry.timeline.pop();
    const now = this.#options.now();
    const first = entry.timeline[0];
    const record: StageRecord = {
      stage,
      at: new Date(now).toISOString(),
      seconds: first ? (now - Date.parse(first.at)) / 1000 : 0,
      servedBytes: this.#sentInBoot(entry),
      ...extra,
    };
    entry.timeline.push(record);
    this.#options.onStage(record, this.#describe(entry));
  }

  #describe(entry: NodeEntry): NodeRecord {
    return nodeRecord(entry, this.#sentInBoot(entry));
  }
}

function setOptional(
  entry: NodeEntry,
  key: 'profile' | 'release',
  value: string | undefined,
): void {
  if (value === undefined) Reflect.deleteProperty(entry, key);
  else entry[key] = value;
}
