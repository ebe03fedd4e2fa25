import { compareBytes, type ByteString } from '../../core/byte-string.js';
import type { SquashfsImage } from '../squashfs/read/image.js';
import type { ImageInode } from '../squashfs/read/inode-reader.js';
import type { Xattr } from '../tree/tree.js';
import type { ArtifactContents, ContentEntry, ContentFile } from './entry.js';

/** @param image stays open as long as the contents are used */
export function squashfsContents(image: SquashfsImage): ArtifactContents {
  const found: ContentEntry[] = [];
  for (const { path, inode } of image.walk()) found.push(entryOf(image, path, inode));
  found.sort((a, b) => compareBytes(a.path, b.path));
  const entries = new Map<ByteString, ContentEntry>();
  for (const entry of found) entries.set(entry.path, entry);
  return {
    format: 'squashfs',
    entries,
    segments: [{ compression: image.superBlock.compressor, entries: entries.size }],
    // Walked once more: inodes with their lists of blocks take more memory than time.
    // eslint-disable-next-line @typescript-eslint/require-await -- only the bytes are waited for
    async *files(wanted): AsyncGenerator<ContentFile> {
      for (const { path, inode } of image.walk()) {
        if (inode.kind === 'file' && wanted(path)) yield { path, bytes: image.read(inode) };
      }
    },
  };
}

/** All of one shape and without copies: there may be a hundred thousand. */
function entryOf(image: SquashfsImage, path: ByteString, inode: ImageInode): ContentEntry {
  const { kind, mode, mtime } = inode;
  return {
    path,
    kind,
    mode,
    uid: image.uid(inode),
    gid: image.gid(inode),
    mtime,
    size: inode.kind === 'file' ? inode.size : inode.kind === 'symlink' ? inode.target.length : 0,
    link: kind !== 'directory' && inode.links > 1 ? String(inode.number) : undefined,
    target: inode.kind === 'symlink' ? inode.target : undefined,
    device: 'device' in inode ? inode.device : undefined,
    xattrs: sorted(image.xattrs(inode)),
  };
}

const none: readonly Xattr[] = [];

function sorted(xattrs: readonly Xattr[]): readonly Xattr[] {
  if (xattrs.length === 0) return none;
  return [...xattrs].sort((a, b) => compareBytes(a.name, b.name));
}
