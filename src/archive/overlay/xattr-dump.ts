/**
 * Extended attributes as a text that setfattr(1) restores, since cpio has no place for them.
 *
 *   # file: usr/bin/ping
 *   security.capability=0x0100000200200000...
 *   <empty line>
 *
 * Paths are relative to the layer. Bytes of paths and names other than printable ASCII are written
 * as `\ooo`, and so is the backslash. Restore with `cd <layer> && setfattr -h --restore=.onib/xattrs`;
 * without `-h`, what belongs to a symbolic link would be set on its target.
 */
import { octalEscape, undoOctalEscapes, type ByteString } from '../../core/byte-string.js';
import { walkEntries, type Tree, type Xattr } from '../tree/tree.js';

export interface PathXattrs {
  /** Relative; `.` for the layer itself. */
  readonly path: ByteString;
  readonly xattrs: readonly Xattr[];
}

/** Everything in the tree that has attributes, in byte order of the paths; hard-linked files once. */
export function treeXattrs(tree: Tree): PathXattrs[] {
  const found: PathXattrs[] = [];
  if (tree.root.xattrs.length > 0) found.push({ path: '.', xattrs: tree.root.xattrs });
  for (const { path, inode } of walkEntries(tree.root)) {
    if (inode.xattrs.length > 0 && inode.path === path) found.push({ path, xattrs: inode.xattrs });
  }
  return found;
}

export function encodeXattrDump(files: readonly PathXattrs[]): Buffer {
  const blocks = files.map(({ path, xattrs }) =>
    [
      `# file: ${escaped(path)}`,
      ...xattrs.map(({ name, value }) => `${escaped(name)}=0x${value.toString('hex')}`),
      '\n',
    ].join('\n'),
  );
  return Buffer.from(blocks.join(''), 'latin1');
}

function escaped(text: ByteString): string {
  // `=` would end an attribute's name, a space at the end of a path would be cut off.
  return text.replace(/[^!-~]|[\\=]/g, octalEscape);
}

/** Undoes {@link encodeXattrDump}. Lines that it does not write are an error. */
export function decodeXattrDump(dump: Buffer): PathXattrs[] {
  const files: { path: ByteString; xattrs: Xattr[] }[] = [];
  for (const line of dump.toString('latin1').split('\n')) {
    if (line === '') continue;
    const file = /^# file: (.+)$/.exec(line);
    const attribute = /^([^=]+)=0x((?:[0-9a-f]{2})*)$/.exec(line);
    if (file?.[1] !== undefined) {
      files.push({ path: undoOctalEscapes(file[1]), xattrs: [] });
    } else if (attribute?.[1] !== undefined) {
      const value = Buffer.from(attribute[2] ?? '', 'hex');
      files.at(-1)?.xattrs.push({ name: undoOctalEscapes(attribute[1]), value });
    } else {
      throw new SyntaxError(`not a line of an attribute dump: ${line}`);
    }
  }
  return files;
}
