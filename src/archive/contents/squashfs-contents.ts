import { compareBytes, type ByteString } from '../byte-string.js';
import type { SquashfsImage } from '../squashfs/index.js';
import type { ImageFile, ImageInode } from '../squashfs/inode-reader.js';
import type { ArtifactContents, ContentEntry, ContentFile } from './entry.js';

/** @param image stays open as long as the contents are used */
export function squashfsContents(image: SquashfsImage): ArtifactContents {
  const entries = new Map<ByteString, ContentEntry>();
  const inodes = new Map<ByteString, ImageFile>();
  for (const { path, inode } of image.walk()) {
    entries.set(path, entryOf(image, path, inode));
    if (inode.kind === 'file') inodes.set(path, inode);
  }
  return {
    format: 'squashfs',
    entries: new Map([...entries].sort(([a], [b]) => compareBytes(a, b))),
    segments: [{ compression: image.superBlock.compressor, entries: entries.size }],
    // eslint-disable-next-line @typescript-eslint/require-await -- only the bytes are waited for
    async *files(wanted): AsyncGenerator<ContentFile> {
      for (const [path, inode] of inodes) {
        if (wanted(path)) yield { path, bytes: image.read(inode) };
      }
    },
  };
}

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
    ...(kind !== 'directory' && inode.links > 1 ? { link: String(inode.number) } : {}),
    ...(inode.kind === 'symlink' ? { target: inode.target } : {}),
    ...('device' in inode ? { device: inode.device } : {}),
    xattrs: [...image.xattrs(inode)].sort((a, b) => compareBytes(a.name, b.name)),
  };
}
