/**
 * What an overlay must not do to the base that it lies on: found when it is packed, because on a node it shows as a
 * boot that fails. What no image may hold, over a base or not, is policy/image-policy.ts's.
 */
import type { ByteString } from '../../core/byte-string.js';
import { isWhiteout } from '../newc/writer.js';
import type { DirectoryInode, Inode, Tree } from '../tree/tree.js';

/** A name of the base, as far as guards look at it. */
export interface BaseNode {
  readonly kind: Inode['kind'];
  /** A symbolic link's target. */
  readonly target?: ByteString;
  /** What a directory holds. */
  readonly entries: () => ReadonlyMap<ByteString, BaseNode>;
}

export interface GuardFinding {
  readonly level: 'error' | 'warning';
  /** Relative to the tree. */
  readonly path: ByteString;
  /** Ends the sentence that begins with the path. */
  readonly what: string;
  readonly hint: string;
}

type Rule = (path: ByteString, inode: Inode, base: BaseNode | undefined) => Finding | undefined;
type Finding = Omit<GuardFinding, 'path'>;

/** Links of a merged /usr (Debian's usrmerge): programs and their loader are found through them. */
const USR_LINKS = new Set(['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']);
/** What the initrd mounts over, and refuses to boot without. */
const MOUNT_POINTS = new Set(['dev', 'proc', 'run', 'sys']);
const OPAQUE = 'trusted.overlay.opaque';

/** Everything that goes against a rule, in byte order of the paths. */
export function guardFindings(tree: Tree, base: BaseNode): GuardFinding[] {
  const findings: GuardFinding[] = [];
  const check = (directory: DirectoryInode, below: BaseNode | undefined, prefix: string): void => {
    const known = below?.kind === 'directory' ? below.entries() : undefined;
    for (const { name, inode } of directory.entries) {
      const path = prefix + name;
      const lower = known?.get(name);
      for (const rule of RULES) {
        const finding = rule(path, inode, lower);
        if (finding !== undefined) findings.push({ path, ...finding });
      }
      if (inode.kind === 'directory') check(inode, isOpaque(inode) ? undefined : lower, `${path}/`);
    }
  };
  check(tree.root, base, '');
  return findings;
}

const RULES: readonly Rule[] = [hidesLink, hidesDirectory, hidesModules, replacesInit];

function hidesLink(
  path: ByteString,
  inode: Inode,
  base: BaseNode | undefined,
): Finding | undefined {
  if (base?.kind !== 'symlink' || inode.kind === 'symlink') return undefined;
  const link = `the base's link to ${base.target ?? ''}`;
  const hint = `write below /${resolved(path, base.target ?? '')}, where the link leads`;
  if (USR_LINKS.has(path)) {
    return { level: 'error', what: `takes the place of ${link}: nothing would start`, hint };
  }
  if (inode.kind !== 'directory') return undefined;
  return { level: 'warning', what: `is a directory over ${link}: what is there is hidden`, hint };
}

/** Where a link leads, relative to the tree. */
function resolved(path: ByteString, target: ByteString): ByteString {
  const names = target.startsWith('/') ? [] : path.split('/').slice(0, -1);
  for (const name of target.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}

function hidesDirectory(
  path: ByteString,
  inode: Inode,
  base: BaseNode | undefined,
): Finding | undefined {
  if (base?.kind !== 'directory' || !MOUNT_POINTS.has(path) || inode.kind === 'directory') {
    return undefined;
  }
  return {
    level: 'error',
    what: 'is no directory any more: the initrd mounts there and could not boot',
    hint: `leave /${path} alone: provisioners get mounts of their own there`,
  };
}

function hidesModules(path: ByteString, inode: Inode): Finding | undefined {
  const hint = 'leave /usr/lib/modules to the kernel set: modules_layer in its vars file';
  if (
    path === 'usr' ||
    path === 'usr/lib' ||
    path === 'usr/lib/modules' ||
    path === 'lib/modules'
  ) {
    if (inode.kind === 'symlink' || (inode.kind === 'directory' && !isOpaque(inode))) {
      return undefined;
    }
    return {
      level: 'error',
      what: "hides /lib/modules of the layers below: the node's kernel could not load a module",
      hint,
    };
  }
  // One of depmod's tables hides the table of the modules layer; the modules are still there.
  if (!/^(?:usr\/)?lib\/modules\/[^/]+\/modules\.(?:dep|alias)\.bin$/.test(path)) return undefined;
  return {
    level: 'warning',
    what: "takes the place of the kernel set's table: modprobe finds only what stands in this one",
    hint,
  };
}

function replacesInit(
  path: ByteString,
  inode: Inode,
  base: BaseNode | undefined,
): Finding | undefined {
  if (path !== 'usr/sbin/init' && path !== 'sbin/init') return undefined;
  const hint = 'choose what starts with init= in the boot profile, and leave /sbin/init alone';
  if (isWhiteout(inode) || inode.kind === 'directory') {
    return { level: 'error', what: 'is taken away: no node could start', hint };
  }
  if (inode.kind === 'symlink' && base?.kind === 'symlink' && inode.target === base.target) {
    return undefined;
  }
  return base === undefined
    ? undefined
    : { level: 'warning', what: "replaces the base's init: every node starts with it", hint };
}

function isOpaque(directory: DirectoryInode): boolean {
  return directory.xattrs.some(({ name, value }) => name === OPAQUE && value.toString() === 'y');
}
