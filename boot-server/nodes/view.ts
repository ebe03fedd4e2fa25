/** What is known of a node, and how it is shown. Pure. */
import type { MachineIdentity } from '../assign/machine.js';
import type { NodeRecord, StageRecord } from './record.js';

/** A node, as the registry keeps it. */
export interface NodeEntry {
  readonly mac: string;
  identity: MachineIdentity;
  address?: string;
  profile?: string;
  release?: string;
  boots: number;
  /** Milliseconds since 1970. */
  readonly firstSeen: number;
  lastSeen: number;
  timeline: StageRecord[];
  /** What its address had been sent when this boot began. */
  bytesBefore: number;
}

export function newEntry(mac: string, now: number): NodeEntry {
  return {
    mac,
    identity: {},
    boots: 0,
    firstSeen: now,
    lastSeen: now,
    timeline: [],
    bytesBefore: 0,
  };
}

/** @param servedBytes of the present boot */
export function nodeRecord(entry: NodeEntry, servedBytes: number): NodeRecord {
  const { mac, address, profile, release } = entry;
  const stage = entry.timeline.at(-1)?.stage;
  return {
    mac,
    ...(address === undefined ? {} : { address }),
    ...entry.identity,
    ...(profile === undefined ? {} : { profile }),
    ...(release === undefined ? {} : { release }),
    ...(stage === undefined ? {} : { stage }),
    boots: entry.boots,
    firstSeen: new Date(entry.firstSeen).toISOString(),
    lastSeen: new Date(entry.lastSeen).toISOString(),
    servedBytes,
    timeline: [...entry.timeline],
  };
}
