/** Reads newc cpio archives as a stream: what the kernel would unpack, one member after the other. */
import { ByteReader } from '../bytes/byte-reader.js';
import { displayName, type ByteString } from '../../core/byte-string.js';
import { corrupt, decodeHeader, HEADER_SIZE, MAX_NAME, padding, TRAILER } from './header.js';
import { kindOfMode, type Attributes, type Device, type InodeKind } from '../tree/tree.js';

export interface NewcMember extends Attributes {
  /** As it stands in the archive: relative or not, with any bytes. Check it before writing anywhere. */
  readonly name: ByteString;
  readonly kind: InodeKind;
  /** Bytes of content. Of a hard-linked file, only one name has them. */
  readonly size: number;
  /** Names with one number, if `links` is more than 1, are one file. */
  readonly inode: number;
  readonly links: number;
  readonly device: Device;
  /** A symbolic link's target. */
  readonly target?: ByteString;
  /** A regular file's bytes, once, before the next member is asked for; otherwise they are skipped. */
  readonly content: () => AsyncGenerator<Buffer>;
}

/**
 * The members of an archive, or of several that follow each other with zeros in between.
 *
 * @param source the archive's bytes, not compressed
 * @throws {OnibError} `ARCHIVE_CORRUPT`
 */
export async function* readNewc(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<NewcMember> {
  const reader = new ByteReader(source, (what) => corrupt(what));
  do yield* readNewcArchive(reader);
  while (await skipZeros(reader));
}

/** The members of one archive; the reader stands behind its trailer afterwards. */
export async function* readNewcArchive(reader: ByteReader): AsyncGenerator<NewcMember> {
  for (;;) {
    const at = reader.position;
    const header = decodeHeader(await reader.take(HEADER_SIZE));
    if (header === undefined) throw corrupt(`byte ${String(at)} does not begin a member`);
    const { nameLength, size } = header;
    if (nameLength < 2 || nameLength > MAX_NAME) {
      throw corrupt(`the member at byte ${String(at)} has a name of ${String(nameLength)} bytes`);
    }
    const padded = nameLength + padding(HEADER_SIZE + nameLength);
    const name = (await reader.take(padded)).toString('latin1', 0, nameLength);
    if (name.indexOf('\0') !== nameLength - 1) {
      throw corrupt(`the name at byte ${String(at)} does not end where its header says`);
    }
    if (name === `${TRAILER}\0`) {
      await reader.skip(size + padding(size));
      return;
    }
    yield* readMember(reader, name.slice(0, -1), header);
  }
}

async function* readMember(
  reader: ByteReader,
  name: ByteString,
  header: NonNullable<ReturnType<typeof decodeHeader>>,
): AsyncGenerator<NewcMember> {
  const kind = kindOfMode(header.mode);
  if (kind === undefined) {
    throw corrupt(`"${displayName(name)}" has the unknown file type 0${header.mode.toString(8)}`);
  }
  const { uid, gid, mtime, inode, links, device, size } = header;
  const end = reader.position + size;
  const common = {
    name,
    kind,
    mode: header.mode & 0o7777,
    uid,
    gid,
    mtime,
    size,
    inode,
    links,
    device,
  };
  if (kind === 'symlink') {
    if (size >= MAX_NAME) throw corrupt(`the target of "${displayName(name)}" is too long`);
    const target = (await reader.take(size)).toString('latin1');
    yield { ...common, target, content: noContent };
  } else {
    yield { ...common, content: () => readContent(reader, end) };
  }
  await reader.skip(end - reader.position + padding(size));
}

async function* readContent(reader: ByteReader, end: number): AsyncGenerator<Buffer> {
  while (reader.position < end) yield await reader.takeSome(end - reader.position);
}

// eslint-disable-next-line @typescript-eslint/require-await -- an empty sequence waits for nothing
async function* noContent(): AsyncGenerator<Buffer> {
  yield* [];
}

/** Skips zeros; true when something else follows. */
export async function skipZeros(reader: ByteReader): Promise<boolean> {
  for (;;) {
    const next = await reader.peek(1);
    if (next.length === 0) return false;
    if (next[0] !== 0) return true;
    await reader.skip(1);
  }
}

/** A member's whole content; for small files. */
export async function contentOf(member: NewcMember): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of member.content()) pieces.push(piece);
  return Buffer.concat(pieces);
}
