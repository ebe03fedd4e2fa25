/**
 * Modification times that an unpacked cpio archive would not have, as text that the initrd restores:
 * those before 1970 and after 2106, which newc has no digits for, and those of symbolic links, which
 * GNU cpio does not set.
 *
 *   <seconds since 1970> <path>
 *
 * Paths are relative to the layer, with `\ooo` for bytes other than printable ASCII and for the
 * backslash. Equal times stand together, so that one touch(1) sets many.
 */
import {
  compareBytes,
  octalEscape,
  undoOctalEscapes,
  type ByteString,
} from '../../core/byte-string.js';
import { walkEntries, type Inode, type Tree } from '../tree/tree.js';
import { unsignedTime } from '../bytes/unsigned-time.js';

export interface PathTime {
  /** Relative; `.` for the layer itself. */
  readonly path: ByteString;
  /** Seconds since 1970; negative before. */
  readonly mtime: number;
}

/** Every name in the tree whose time has to be restored; hard-linked files once. */
export function treeTimes(tree: Tree): PathTime[] {
  const found: PathTime[] = [];
  const add = (path: ByteString, { kind, mtime }: Inode): void => {
    if (kind === 'symlink' || mtime !== unsignedTime(mtime)) found.push({ path, mtime });
  };
  add('.', tree.root);
  for (const { path, inode } of walkEntries(tree.root)) {
    if (inode.kind === 'symlink' || inode.path === path) add(path, inode);
  }
  return found.sort((a, b) => a.mtime - b.mtime || compareBytes(a.path, b.path));
}

export function encodeTimeDump(times: readonly PathTime[]): Buffer {
  const lines = times.map(
    ({ path, mtime }) => `${String(mtime)} ${path.replace(/[^!-~]|\\/g, octalEscape)}\n`,
  );
  return Buffer.from(lines.join(''), 'latin1');
}

/** Undoes {@link encodeTimeDump}. Lines that it does not write are an error. */
export function decodeTimeDump(dump: Buffer): PathTime[] {
  return dump
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, seconds, path] = /^(-?\d{1,15}) ([!-~]+)$/.exec(line) ?? [];
      if (seconds === undefined || path === undefined) {
        throw new SyntaxError(`not a line of a list of times: ${line}`);
      }
      return { path: undoOctalEscapes(path), mtime: Number(seconds) };
    });
}
