/** Trees of any shape for property tests: made in memory, without files behind them. */
import fc from 'fast-check';
import type { ByteString } from '../../../src/core/byte-string.js';
import {
  walkEntries,
  type DirectoryInode,
  type Entry,
  type Inode,
  type Tree,
  type Xattr,
} from '../../../src/archive/tree/tree.js';

/** A name of bytes, not text: everything but NUL and the slash. */
export const arbitraryName: fc.Arbitrary<ByteString> = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0 && byte !== 0x2f)))
  .map((bytes) => bytes.toString('latin1'))
  .filter((name) => name !== '' && name !== '.' && name !== '..' && name !== 'TRAILER!!!');

const arbitraryXattrs: fc.Arbitrary<Xattr[]> = fc
  .uniqueArray(
    fc.record({
      name: fc
        .tuple(
          fc.constantFrom('user.', 'trusted.', 'security.'),
          fc.stringMatching(/^[a-z=\\ ]{1,9}$/),
        )
        .map(([namespace, name]) => namespace + name),
      value: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    }),
    { maxLength: 3, selector: ({ name }) => name },
  )
  .map((xattrs) => xattrs.sort((a, b) => (a.name < b.name ? -1 : 1)));

const common = {
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.constantFrom(0, 1000, 65534, 4294967294),
  gid: fc.constantFrom(0, 44, 4294967294),
  mtime: fc.integer({ min: -10, max: 4294967295 }),
  xattrs: fc.option(arbitraryXattrs, { nil: [], freq: 3 }),
};
const fresh = { path: '', links: 1 };
const device = fc.record({
  major: fc.integer({ min: 0, max: 0xfff }),
  minor: fc.integer({ min: 0, max: 0xfffff }),
});

type Leaf = Exclude<Inode, DirectoryInode> | { readonly kind: 'link'; readonly to: number };
interface Branch {
  readonly inode: Omit<DirectoryInode, 'entries'>;
  readonly children: readonly (readonly [ByteString, Leaf | Branch])[];
}

const arbitraryLeaf: fc.Arbitrary<Leaf> = fc.oneof(
  fc.record({ ...common, size: fc.constantFrom(0, 1, 3, 4, 5000) }).map((fields): Leaf => ({
    ...fields,
    ...fresh,
    kind: 'file',
    stamp: 0n,
  })),
  fc.record({ ...common, target: arbitraryName }).map((fields): Leaf => ({
    ...fields,
    ...fresh,
    kind: 'symlink',
  })),
  fc
    .record({ ...common, device, kind: fc.constantFrom('block' as const, 'character' as const) })
    .map((fields): Leaf => ({ ...fields, ...fresh })),
  fc
    .record({ ...common, kind: fc.constantFrom('fifo' as const, 'socket' as const) })
    .map((fields): Leaf => ({ ...fields, ...fresh })),
  fc.nat(20).map((to): Leaf => ({ kind: 'link', to })),
);

const { branch } = fc.letrec<{ branch: Branch }>((tie) => ({
  branch: fc.record({
    inode: fc.record(common).map((fields) => ({ ...fields, ...fresh, kind: 'directory' as const })),
    children: fc.uniqueArray(
      fc.tuple(arbitraryName, fc.oneof({ depthSize: 'small' }, arbitraryLeaf, tie('branch'))),
      { maxLength: 8, selector: ([name]) => name },
    ),
  }),
}));

export const arbitraryTree: fc.Arbitrary<Tree> = branch.map((root) => {
  const linkable: Inode[] = [];
  return finishTree(buildDirectory(root, linkable));
});

function buildDirectory({ inode, children }: Branch, linkable: Inode[]): DirectoryInode {
  const entries: Entry[] = [];
  for (const [name, child] of children) {
    if ('children' in child) entries.push({ name, inode: buildDirectory(child, linkable) });
    else if (child.kind === 'link') {
      const target = linkable[child.to % Math.max(1, linkable.length)];
      if (target !== undefined) entries.push({ name, inode: target });
    } else {
      linkable.push(child);
      entries.push({ name, inode: child });
    }
  }
  return { ...inode, entries: entries.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Fills in what follows from the shape: first paths and numbers of names. */
export function finishTree(root: DirectoryInode): Tree {
  const seen = new Set<Inode>([root]);
  let fileBytes = 0;
  for (const { path, inode } of walkEntries(root)) {
    if (seen.has(inode)) {
      inode.links++;
      continue;
    }
    seen.add(inode);
    Object.assign(inode, { path });
    if (inode.kind === 'file') fileBytes += inode.size;
  }
  return { source: '/tree', root, inodeCount: seen.size, fileBytes, newest: 0 };
}
