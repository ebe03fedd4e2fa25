/** Files of an artifact: digests, whole texts, and the file that a path leads to through links. */
import { createHash, hash, type Hash } from 'node:crypto';
import type { ByteString } from '../../core/byte-string.js';
import type { ArtifactContents, ContentEntry } from './entry.js';

/** sha256 of the wanted regular files, a character per byte; of names of one file, each has it. */
export async function contentDigests(
  contents: ArtifactContents,
  wanted: ReadonlySet<ByteString>,
): Promise<ReadonlyMap<ByteString, string>> {
  const digests = new Map<ByteString, string>();
  const linked = new Map<string, string>();
  const linkOf = (path: ByteString): string | undefined => contents.entries.get(path)?.link;
  const unread = (path: ByteString): boolean => wanted.has(path) && !linked.has(linkOf(path) ?? '');
  for await (const { path, bytes } of contents.files(unread)) {
    const digest = await digestOf(bytes);
    digests.set(path, digest);
    const link = linkOf(path);
    if (link !== undefined) linked.set(link, digest);
  }
  for (const path of wanted) {
    const digest = linked.get(linkOf(path) ?? '');
    if (digest !== undefined) digests.set(path, digest);
  }
  return digests;
}

/** Most files are one piece; an object for each of a hundred thousand would fill the memory. */
async function digestOf(bytes: AsyncIterable<Buffer>): Promise<string> {
  let first: Buffer | undefined;
  let rest: Hash | undefined;
  for await (const piece of bytes) {
    if (first === undefined) first = piece;
    else (rest ??= createHash('sha256').update(first)).update(piece);
  }
  return rest === undefined
    ? hash('sha256', first ?? Buffer.alloc(0), 'buffer').toString('latin1')
    : rest.digest().toString('latin1');
}

/** The bytes of all regular files that `wanted` says yes to; for small files. */
export async function wholeFiles(
  contents: ArtifactContents,
  wanted: (path: ByteString) => boolean,
): Promise<ReadonlyMap<ByteString, Buffer>> {
  const files = new Map<ByteString, Buffer>();
  for await (const { path, bytes } of contents.files(wanted)) {
    const pieces: Buffer[] = [];
    for await (const piece of bytes) pieces.push(Buffer.from(piece));
    files.set(path, Buffer.concat(pieces));
  }
  return files;
}

/** The kernel's limit of links on the way to one file (path_resolution(7)). */
const MAX_LINKS = 40;

/** The entry that a path leads to, symbolic links followed inside the artifact. */
export function followPath(
  entries: ReadonlyMap<ByteString, ContentEntry>,
  path: ByteString,
): ContentEntry | undefined {
  const left = namesOf(path);
  const done: ByteString[] = [];
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '..') {
      done.pop();
      continue;
    }
    const entry = entries.get([...done, name].join('/'));
    if (entry === undefined) return undefined;
    if (entry.kind !== 'symlink' || entry.target === undefined) done.push(name);
    else if (++links > MAX_LINKS) return undefined;
    else {
      if (entry.target.startsWith('/')) done.length = 0;
      left.unshift(...namesOf(entry.target));
    }
  }
  return entries.get(done.join('/'));
}

function namesOf(path: ByteString): ByteString[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
