/** Contents of cpio archives: read once for the names, and once more for files that are asked for. */
import { compareBytes, displayName, type ByteString } from '../../core/byte-string.js';
import { corrupt } from '../newc/header.js';
import { contentOf, type NewcMember } from '../newc/reader.js';
import { decodeTimeDump } from '../overlay/time-dump.js';
import type { Xattr } from '../tree/tree.js';
import { decodeXattrDump } from '../overlay/xattr-dump.js';
import type { ArtifactContents, ContentEntry, ContentFile, ContentSegment } from './entry.js';
import { readSegments } from './segments.js';

/** Where onib keeps the attributes and times of a layer that cpio has no place for (see `pack-overlay.ts`). */
const OWN_DIRECTORY = '.onib';
const XATTR_FILE = '.onib/xattrs';
const TIME_FILE = '.onib/times';
/** More than any honest layer has of them. */
const MAX_OWN_FILE = 64 * 1_048_576;

const none: readonly Xattr[] = [];

interface Found extends Omit<ContentEntry, 'xattrs' | 'size'> {
  size: number;
}

/** @throws {OnibError} `ARCHIVE_CORRUPT`, `ARCHIVE_COMPRESSION` */
export async function cpioContents(file: string): Promise<ArtifactContents> {
  const index = new CpioIndex();
  for await (const { segment, compression, member } of readSegments(file)) {
    await index.add(segment, compression, member);
  }
  const { entries, segments, places } = index.finish();
  return {
    format: 'cpio',
    entries,
    segments,
    files: (wanted) => readFiles(file, places, wanted),
  };
}

class CpioIndex {
  private readonly found = new Map<ByteString, Found>();
  /** Of linked files: the bytes stand with one of the names. */
  private readonly linked = new Map<string, { size: number; number: number | undefined }>();
  private readonly numbers = new Map<ByteString, number>();
  private readonly segments: { compression: string; entries: number }[] = [];
  private xattrs: ReadonlyMap<ByteString, readonly Xattr[]> = new Map();
  private times: ReadonlyMap<ByteString, number> = new Map();
  private members = 0;

  async add(segment: number, compression: string, member: NewcMember): Promise<void> {
    const number = this.members++;
    const counts = (this.segments[segment] ??= { compression, entries: 0 });
    counts.entries++;
    const path = normalPath(member.name);
    if (path === XATTR_FILE && member.size <= MAX_OWN_FILE) {
      this.xattrs = byPath(path, await contentOf(member), decodeXattrDump, ({ xattrs }) => xattrs);
    } else if (path === TIME_FILE && member.size <= MAX_OWN_FILE) {
      this.times = byPath(path, await contentOf(member), decodeTimeDump, ({ mtime }) => mtime);
    }
    if (path === OWN_DIRECTORY || path.startsWith(`${OWN_DIRECTORY}/`)) return;
    const { kind, mode, uid, gid, mtime, size, links, inode, target, device } = member;
    const isNode = kind === 'block' || kind === 'character';
    const link = links > 1 && kind === 'file' ? `${String(segment)}/${String(inode)}` : undefined;
    this.found.delete(path);
    this.found.set(path, {
      ...{ path, kind, mode, uid, gid, mtime, link, target },
      size: kind === 'file' || kind === 'symlink' ? size : 0,
      device: isNode ? device : undefined,
    });
    this.numbers.set(path, number);
    if (link !== undefined && (size > 0 || !this.linked.has(link))) {
      this.linked.set(link, { size, number: size > 0 ? number : undefined });
    }
  }

  finish(): {
    entries: ReadonlyMap<ByteString, ContentEntry>;
    segments: readonly ContentSegment[];
    places: ReadonlyMap<number, readonly ByteString[]>;
  } {
    const entries = new Map<ByteString, ContentEntry>();
    const places = new Map<number, ByteString[]>();
    for (const path of [...this.found.keys()].sort(compareBytes)) {
      const found = this.found.get(path);
      if (found === undefined) continue;
      const shared = found.link === undefined ? undefined : this.linked.get(found.link);
      const size = shared?.size ?? found.size;
      const mtime = this.times.get(path) ?? found.mtime;
      entries.set(path, { ...found, size, mtime, xattrs: this.xattrs.get(path) ?? none });
      if (found.kind !== 'file') continue;
      const number = shared?.number ?? this.numbers.get(path) ?? 0;
      places.set(number, [...(places.get(number) ?? []), path]);
    }
    return { entries, segments: this.segments, places };
  }
}

/** One of onib's own files, by the paths that it is about. */
function byPath<T extends { readonly path: ByteString }, V>(
  file: string,
  dump: Buffer,
  decode: (dump: Buffer) => T[],
  value: (record: T) => V,
): ReadonlyMap<ByteString, V> {
  try {
    return new Map(decode(dump).map((record) => [normalPath(record.path), value(record)]));
  } catch (error) {
    throw error instanceof SyntaxError ? corrupt(`${file} is ${error.message}`) : error;
  }
}

/** The kernel takes names relative to its root, however they are written. */
function normalPath(name: ByteString): ByteString {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw corrupt(`a file has the name "${displayName(name)}"`);
  return parts.join('/');
}

/** @param places names of the file whose bytes are those of the n-th member */
async function* readFiles(
  file: string,
  places: ReadonlyMap<number, readonly ByteString[]>,
  wanted: (path: ByteString) => boolean,
): AsyncGenerator<ContentFile> {
  let number = -1;
  for await (const { member } of readSegments(file)) {
    number++;
    const names = places.get(number)?.filter(wanted) ?? [];
    const [first] = names;
    if (first === undefined) continue;
    if (names.length === 1) {
      yield { path: first, bytes: member.content() };
      continue;
    }
    // One content for several names: kept, since the stream gives it once.
    const bytes = await contentOf(member);
    for (const path of names) yield { path, bytes: once(bytes) };
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- the bytes are there already
async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
