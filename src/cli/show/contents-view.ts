/** Entries of artifacts and their differences, as people and as programs read them. */
import { displayName, type ByteString } from '../../core/byte-string.js';
import { deviceText, type Difference, type EntryChange } from '../../archive/contents/diff.js';
import type { ContentEntry } from '../../archive/contents/with-contents.js';
import type { VersionChange } from '../../core/version-changes.js';
import type { Total } from '../../archive/contents/totals.js';
import { formatBytes, formatTable } from './format.js';

const KIND_LETTERS: Readonly<Record<ContentEntry['kind'], string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  block: 'b',
  character: 'c',
  fifo: 'p',
  socket: 's',
};

/** `-rwsr-xr-x`, as ls(1) writes it. */
export function modeText({ kind, mode }: Pick<ContentEntry, 'kind' | 'mode'>): string {
  const triple = (bits: number, special: boolean, letter: string): string => {
    const execute = (bits & 1) !== 0;
    const last = special ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-';
    return `${(bits & 4) === 0 ? '-' : 'r'}${(bits & 2) === 0 ? '-' : 'w'}${last}`;
  };
  return (
    KIND_LETTERS[kind] +
    triple(mode >> 6, (mode & 0o4000) !== 0, 's') +
    triple(mode >> 3, (mode & 0o2000) !== 0, 's') +
    triple(mode, (mode & 0o1000) !== 0, 't')
  );
}

export function isDeletion({ kind, device }: ContentEntry): boolean {
  return kind === 'character' && device?.major === 0 && device.minor === 0;
}

function nameText(path: ByteString): string {
  return path === '' ? '.' : displayName(path);
}

/** Mode, owner, size or device, time, name; one row each. */
export function entryTable(entries: readonly ContentEntry[]): string[] {
  const rows = entries.map((entry) => [
    modeText(entry),
    `${String(entry.uid)}:${String(entry.gid)}`,
    deviceText(entry) === '' ? String(entry.size) : deviceText(entry),
    timeText(entry.mtime),
    nameAndMore(entry),
  ]);
  return formatTable(rows, ['left', 'left', 'right']);
}

function nameAndMore(entry: ContentEntry): string {
  const more = [
    ...(entry.target === undefined ? [] : [`-> ${displayName(entry.target)}`]),
    ...(isDeletion(entry) ? ['(deleted from the layers below)'] : []),
    ...(entry.xattrs.length === 0
      ? []
      : [`[${entry.xattrs.map(({ name }) => displayName(name)).join(' ')}]`]),
  ];
  return [nameText(entry.path), ...more].join(' ');
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

export function entryObject(entry: ContentEntry): Record<string, unknown> {
  const { kind, mode, uid, gid, size, mtime, target } = entry;
  const device = deviceText(entry);
  return {
    path: displayName(entry.path),
    ...{ kind, mode: mode.toString(8).padStart(4, '0'), uid, gid, size, time: mtime },
    ...(target === undefined ? {} : { target: displayName(target) }),
    ...(device === '' ? {} : { device }),
    ...(entry.xattrs.length === 0 ? {} : { xattrs: xattrObject(entry) }),
  };
}

function xattrObject({ xattrs }: ContentEntry): Record<string, string> {
  return Object.fromEntries(
    xattrs.map(({ name, value }) => [displayName(name), `0x${value.toString('hex')}`]),
  );
}

/** True for what is worth a line: a time alone changes with every build. */
export function isTimeOnly(change: EntryChange): boolean {
  return change.change === 'changed' && change.differs.every((what) => what === 'time');
}

export function changeTable(changes: readonly EntryChange[]): string[] {
  return formatTable(changes.filter((change) => !isTimeOnly(change)).map(changeRow));
}

function changeRow(change: EntryChange): string[] {
  switch (change.change) {
    case 'added':
      return [`+ ${nameText(change.path)}`, addedText(change.after)];
    case 'removed':
      return [`- ${nameText(change.path)}`, addedText(change.before)];
    case 'changed': {
      const { before, after, differs } = change;
      const parts = differs
        .filter((what) => what !== 'time')
        .map((what) => differenceText(what, before, after));
      return [`~ ${nameText(change.path)}`, parts.join(', ')];
    }
  }
}

function addedText(entry: ContentEntry): string {
  if (isDeletion(entry)) return 'deletion';
  if (entry.kind === 'file') return formatBytes(entry.size);
  return entry.target === undefined ? entry.kind : `-> ${displayName(entry.target)}`;
}

function differenceText(what: Difference, before: ContentEntry, after: ContentEntry): string {
  const from = (text: (entry: ContentEntry) => string): string =>
    `${what} ${text(before)} → ${text(after)}`;
  switch (what) {
    case 'type':
      return from(({ kind }) => kind);
    case 'mode':
      return from(({ mode }) => mode.toString(8).padStart(4, '0'));
    case 'owner':
      return from(({ uid, gid }) => `${String(uid)}:${String(gid)}`);
    case 'size':
      return from(({ size }) => String(size));
    case 'target':
      return from(({ target = '' }) => displayName(target));
    case 'device':
      return from(deviceText);
    case 'xattr':
      return from(({ xattrs }) => xattrs.map(({ name }) => displayName(name)).join(' ') || 'none');
    case 'content':
    case 'links':
    case 'time':
      return what;
  }
}

export function changeObject(change: EntryChange): Record<string, unknown> {
  return {
    change: change.change,
    path: displayName(change.path),
    ...(change.change === 'changed' ? { differs: change.differs } : {}),
    ...(change.change === 'added' ? {} : { before: entryObject(change.before) }),
    ...(change.change === 'removed' ? {} : { after: entryObject(change.after) }),
  };
}

/** `+ tree 2.1.0-1`, `~ openssl 3.5.1-1 → 3.5.1-2`. */
export function versionLines(changes: readonly VersionChange[]): string[] {
  return changes.map(({ package: name, before, after }) => {
    if (before === undefined) return `+ ${name} ${after ?? ''}`;
    return after === undefined ? `- ${name} ${before}` : `~ ${name} ${before} → ${after}`;
  });
}

const SHOWN = 20;

/** The largest sums, and what is left in one line; `signed` for changes. */
export function totalTable(totals: readonly Total[], signed = false): string[] {
  const text = (bytes: number): string =>
    `${bytes < 0 ? '-' : signed ? '+' : ''}${formatBytes(Math.abs(bytes))}`;
  const rest = totals.slice(SHOWN);
  const rows = totals
    .slice(0, SHOWN)
    .map(({ name, bytes, files }) => [text(bytes), `${String(files)} files`, displayName(name)]);
  if (rest.length > 0) {
    const bytes = rest.reduce((sum, total) => sum + total.bytes, 0);
    const files = rest.reduce((sum, total) => sum + total.files, 0);
    rows.push([text(bytes), `${String(files)} files`, `in ${String(rest.length)} others`]);
  }
  return formatTable(rows, ['right', 'right']);
}
