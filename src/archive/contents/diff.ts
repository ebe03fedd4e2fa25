/** What differs between two artifacts, name by name. */
import { compareBytes, type ByteString } from '../../core/byte-string.js';
import type { ArtifactContents, ContentEntry } from './entry.js';
import { contentDigests } from './read.js';

export type Difference =
  'type' | 'mode' | 'owner' | 'size' | 'content' | 'target' | 'device' | 'xattr' | 'links' | 'time';

export type EntryChange =
  | { readonly change: 'added'; readonly path: ByteString; readonly after: ContentEntry }
  | { readonly change: 'removed'; readonly path: ByteString; readonly before: ContentEntry }
  | {
      readonly change: 'changed';
      readonly path: ByteString;
      readonly before: ContentEntry;
      readonly after: ContentEntry;
      readonly differs: readonly Difference[];
    };

/** All that differs, in byte order of the paths. Contents are read only where all else is equal in size. */
export async function diffContents(
  a: ArtifactContents,
  b: ArtifactContents,
): Promise<readonly EntryChange[]> {
  const doubtful = new Set<ByteString>();
  for (const [path, before] of a.entries) {
    const after = b.entries.get(path);
    if (before.kind === 'file' && after?.kind === 'file' && before.size === after.size) {
      if (before.size > 0) doubtful.add(path);
    }
  }
  const [left, right] = [await contentDigests(a, doubtful), await contentDigests(b, doubtful)];
  const sameContent = (path: ByteString): boolean => left.get(path) === right.get(path);
  return entryChanges(a.entries, b.entries, sameContent);
}

/** @param sameContent asked for regular files of one size */
export function entryChanges(
  a: ReadonlyMap<ByteString, ContentEntry>,
  b: ReadonlyMap<ByteString, ContentEntry>,
  sameContent: (path: ByteString) => boolean,
): EntryChange[] {
  const changes: EntryChange[] = [];
  const linksA = namesByLink(a);
  const linksB = namesByLink(b);
  for (const [path, before] of a) {
    const after = b.get(path);
    if (after === undefined) {
      changes.push({ change: 'removed', path, before });
      continue;
    }
    const differs = [...differences(before, after, sameContent)];
    if (linkText(before, linksA) !== linkText(after, linksB)) differs.push('links');
    if (differs.length > 0) changes.push({ change: 'changed', path, before, after, differs });
  }
  for (const [path, after] of b) {
    if (!a.has(path)) changes.push({ change: 'added', path, after });
  }
  return changes.sort((one, other) => compareBytes(one.path, other.path));
}

function* differences(
  before: ContentEntry,
  after: ContentEntry,
  sameContent: (path: ByteString) => boolean,
): Generator<Difference> {
  if (before.kind !== after.kind) {
    yield 'type';
    return;
  }
  if (before.mode !== after.mode) yield 'mode';
  if (before.uid !== after.uid || before.gid !== after.gid) yield 'owner';
  if (before.kind === 'file' && before.size !== after.size) yield 'size';
  else if (before.kind === 'file' && before.size > 0 && !sameContent(before.path)) yield 'content';
  if (before.target !== after.target) yield 'target';
  if (deviceText(before) !== deviceText(after)) yield 'device';
  if (xattrText(before) !== xattrText(after)) yield 'xattr';
  if (before.mtime !== after.mtime) yield 'time';
}

export function deviceText({ device }: ContentEntry): string {
  return device === undefined ? '' : `${String(device.major)}:${String(device.minor)}`;
}

function xattrText({ xattrs }: ContentEntry): string {
  return xattrs.map(({ name, value }) => `${name}=${value.toString('hex')}`).join(' ');
}

function namesByLink(entries: ReadonlyMap<ByteString, ContentEntry>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [path, { link }] of entries) {
    if (link !== undefined) names.set(link, `${names.get(link) ?? ''}${path}\0`);
  }
  return names;
}

/** Numbers of linked files differ between images: the names that are linked tell. */
function linkText({ link, path }: ContentEntry, names: ReadonlyMap<string, string>): string {
  const linked = link === undefined ? '' : (names.get(link) ?? '');
  return linked === `${path}\0` ? '' : linked;
}
