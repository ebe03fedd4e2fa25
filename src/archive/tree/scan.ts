/**
 * Reads a tree's metadata (never the files' contents). Synchronous, for a worker thread.
 *
 * Works on an overlayfs mount too: there st_dev differs between files and directories and between
 * layers, so another mount is found in the kernel's mount table and not by st_dev.
 */
import {
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type BigIntStats,
} from 'node:fs';
import { OnibError } from '../../core/errors.js';
import {
  byteString,
  bytesOf,
  compareBytes,
  displayName,
  joinPath,
  undoOctalEscapes,
  type ByteString,
} from '../../core/byte-string.js';
import type { Exclusion } from './exclusion.js';
import { getXattr, listXattrs } from '../../native/xattr.js';
import { overlayXattrRule } from './overlay-xattrs.js';
import { packError, readError } from './errors.js';
import {
  kindOfMode,
  type DirectoryInode,
  type Entry,
  type FileInode,
  type Inode,
  type Tree,
  type Xattr,
} from './tree.js';

export interface ScanOptions {
  readonly excluded: Exclusion;
  /** Later mtimes become this one; seconds (SOURCE_DATE_EPOCH). */
  readonly latestTime: number | undefined;
  /** Called for every name; throws to stop. */
  readonly checkpoint: () => void;
}

/**
 * @throws {OnibError} `PACK_TREE_MISSING`, `PACK_MOUNT_INSIDE`, `PACK_TREE_CHANGED`,
 *   `PACK_UNREADABLE`, `PACK_OVERLAY_FEATURE`
 */
export function scanTree(tree: string, options: ScanOptions): Tree {
  const source = byteString(resolveTree(tree));
  refuseMounts(source, options.excluded);
  return new Scan(source, options).run();
}

function resolveTree(tree: string): string {
  try {
    return realpathSync(tree);
  } catch (error) {
    throw new OnibError('PACK_TREE_MISSING', `Cannot pack "${tree}": there is no such directory`, {
      cause: error,
    });
  }
}

class Scan {
  /** Hard-linked inodes by identity. */
  private readonly linked = new Map<string, Inode>();
  private inodeCount = 0;
  private fileBytes = 0;
  private newest = 0;

  constructor(
    private readonly source: ByteString,
    private readonly options: ScanOptions,
  ) {}

  run(): Tree {
    const root = this.inode('');
    if (root.kind !== 'directory') {
      throw new OnibError(
        'PACK_TREE_MISSING',
        `Cannot pack "${displayName(this.source)}": it is not a directory`,
      );
    }
    const { source, inodeCount, fileBytes, newest } = this;
    return { source, root, inodeCount, fileBytes, newest };
  }

  private entries(directory: ByteString): Entry[] {
    const names = this.read(directory, (path) => readdirSync(bytesOf(path), 'latin1'));
    const entries: Entry[] = [];
    for (const name of names.sort(compareBytes)) {
      this.options.checkpoint();
      const path = joinPath(directory, name);
      if (!this.options.excluded(path)) entries.push({ name, inode: this.inode(path) });
    }
    return entries;
  }

  private inode(path: ByteString): Inode {
    const stat = this.read(path, (full) => lstatSync(bytesOf(full), { bigint: true }));
    if (stat.nlink < 2n || stat.isDirectory()) return this.count(this.describe(path, stat));
    const identity = linkIdentity(stat);
    const known = this.linked.get(identity);
    if (known !== undefined) {
      known.links++;
      return known;
    }
    const inode = this.count(this.describe(path, stat));
    this.linked.set(identity, inode);
    return inode;
  }

  private count(inode: Inode): Inode {
    this.inodeCount++;
    if (inode.kind === 'file') this.fileBytes += inode.size;
    this.newest = Math.max(this.newest, inode.mtime);
    return inode;
  }

  private describe(path: ByteString, stat: BigIntStats): Inode {
    const common = {
      path,
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime: this.clamped(secondsOf(stat.mtimeNs)),
      xattrs: this.xattrs(path),
      links: 1,
    };
    const kind = kindOfMode(Number(stat.mode));
    switch (kind) {
      case 'file':
        return {
          ...common,
          kind,
          size: Number(stat.size),
          stamp: stat.mtimeNs,
        } satisfies FileInode;
      case 'directory':
        return { ...common, kind, entries: this.entries(path) } satisfies DirectoryInode;
      case 'symlink':
        return {
          ...common,
          kind,
          target: this.read(path, (full) => readlinkSync(bytesOf(full), 'latin1')),
        };
      case 'block':
      case 'character':
        return { ...common, kind, device: deviceOf(stat.rdev) };
      case 'fifo':
      case 'socket':
        return { ...common, kind };
      case undefined:
        throw packError(this.source, path, 'PACK_UNREADABLE', 'its file type is unknown');
    }
  }

  private clamped(mtime: number): number {
    const { latestTime } = this.options;
    return latestTime === undefined ? mtime : Math.min(mtime, latestTime);
  }

  private xattrs(path: ByteString): readonly Xattr[] {
    const names = this.read(path, listXattrs);
    if (names.length === 0) return none;
    const xattrs: Xattr[] = [];
    for (const name of names.sort(compareBytes)) {
      const rule = overlayXattrRule(name);
      if (rule === 'drop') continue;
      if (rule === 'refuse') {
        throw packError(
          this.source,
          path,
          'PACK_OVERLAY_FEATURE',
          `it has ${displayName(name)}, which has a meaning only on top of the layers below it here`,
          { hint: 'mount the overlay with redirect_dir=off,metacopy=off and provision again' },
        );
      }
      const value = this.read(path, (full) => getXattr(full, name));
      if (value !== undefined) xattrs.push({ name, value });
    }
    return xattrs;
  }

  /** Runs one call on a path of the tree; its failure names that path. */
  private read<T>(path: ByteString, call: (full: ByteString) => T): T {
    const full = path === '' ? this.source : joinPath(this.source, path);
    try {
      return call(full);
    } catch (error) {
      throw readError(this.source, path, error);
    }
  }
}

const none: readonly Xattr[] = [];

/**
 * Two names are one inode when device and inode number agree. The rest guards against overlayfs
 * without xino, which may show one inode number for a file and its modified copy.
 */
function linkIdentity(stat: BigIntStats): string {
  const { dev, ino, mode, size, uid, gid, mtimeNs, ctimeNs } = stat;
  return [dev, ino, mode, size, uid, gid, mtimeNs, ctimeNs].join(':');
}

function secondsOf(nanoseconds: bigint): number {
  const seconds = nanoseconds / 1_000_000_000n;
  return Number(nanoseconds % 1_000_000_000n < 0n ? seconds - 1n : seconds);
}

/** Splits a st_rdev as makedev(3) of glibc joins it. */
function deviceOf(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}

/** Mount points strictly below `source`, from proc_pid_mountinfo(5). */
export function mountsBelow(source: ByteString, mountInfo: ByteString): ByteString[] {
  const prefix = source === '/' ? '/' : `${source}/`;
  return mountInfo
    .split('\n')
    .map((line) => undoOctalEscapes(line.split(' ')[4] ?? ''))
    .filter((point) => point.startsWith(prefix) && point !== prefix);
}

function refuseMounts(source: ByteString, excluded: Exclusion): void {
  const mountInfo = readFileSync('/proc/self/mountinfo', 'latin1');
  for (const point of mountsBelow(source, mountInfo)) {
    const path = point.slice(source === '/' ? 1 : source.length + 1);
    if (withParents(path).some(excluded)) continue;
    throw packError(source, path, 'PACK_MOUNT_INSIDE', 'another filesystem is mounted there', {
      hint: `umount ${displayName(point)}`,
    });
  }
}

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
function withParents(path: ByteString): ByteString[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
