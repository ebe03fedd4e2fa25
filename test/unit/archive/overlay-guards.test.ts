import { expect, test } from 'vitest';
import { guardFindings, type BaseNode } from '../../../src/archive/overlay/guards.js';
import type { DirectoryInode, Inode } from '../../../src/archive/tree/tree.js';
import { finishTree } from './arbitrary-tree.js';

const plain = { path: '', mode: 0o755, uid: 0, gid: 0, mtime: 0, xattrs: [], links: 1 };
const file = (size = 1): Inode => ({ ...plain, kind: 'file', size, stamp: 0n });
const link = (target: string): Inode => ({ ...plain, kind: 'symlink', target });
const whiteout = (): Inode => ({ ...plain, kind: 'character', device: { major: 0, minor: 0 } });

interface Shape {
  readonly [name: string]: Shape | Inode;
}

function isInode(value: Shape | Inode): value is Inode {
  return typeof value.kind === 'string';
}

function directory(shape: Shape, opaque = false): DirectoryInode {
  const xattrs = opaque ? [{ name: 'trusted.overlay.opaque', value: Buffer.from('y') }] : [];
  const entries = Object.keys(shape)
    .sort()
    .map((name) => {
      const value = shape[name] ?? {};
      return { name, inode: isInode(value) ? value : directory(value) };
    });
  return { ...plain, xattrs, kind: 'directory', entries };
}

function node(inode: Inode): BaseNode {
  return {
    kind: inode.kind,
    ...(inode.kind === 'symlink' ? { target: inode.target } : {}),
    entries: () =>
      new Map(
        inode.kind === 'directory'
          ? inode.entries.map(({ name, inode: below }) => [name, node(below)])
          : [],
      ),
  };
}

const base = node(
  directory({
    bin: link('usr/bin'),
    dev: {},
    etc: { 'resolv.conf': link('../run/systemd/resolve/stub-resolv.conf'), motd: file() },
    lib: link('usr/lib'),
    lib64: link('usr/lib64'),
    proc: {},
    run: {},
    sbin: link('usr/sbin'),
    sys: {},
    usr: { lib: { modules: {} }, lib64: {}, sbin: { init: link('../lib/systemd/systemd') } },
    var: { run: link('/run'), lock: link('../run/lock') },
  }),
);

function found(shape: Shape): string[] {
  const tree = finishTree(directory(shape));
  return guardFindings(tree, base).map(({ level, path }) => `${level} ${path}`);
}

test('guardFindings() lets an ordinary overlay pass', () => {
  const shape: Shape = {
    etc: { motd: whiteout() },
    lib64: link('usr/lib64'),
    usr: {
      lib: { modules: { '6.12': { extra: { 'a.ko': file() } } } },
      sbin: { init: link('../lib/systemd/systemd'), tool: file() },
    },
    var: { lib: { new: directory({}, true) } },
  };
  expect(found(shape)).toEqual([]);
});

test.each<[string, Shape, string[]]>([
  ['a directory over a link of /usr', { lib64: { 'ld.so': file() } }, ['error lib64']],
  ['a link of /usr that is gone', { sbin: whiteout() }, ['error sbin']],
  ['a file over a link of /usr', { bin: file() }, ['error bin']],
  ['a directory over another link', { var: { run: { pid: file() } } }, ['warning var/run']],
  ['modules that are gone', { usr: { lib: { modules: whiteout() } } }, ['error usr/lib/modules']],
  [
    'modules behind an opaque directory',
    { usr: { lib: { modules: directory({}, true) } } },
    ['error usr/lib/modules'],
  ],
  ['an opaque /usr/lib', { usr: { lib: directory({}, true) } }, ['error usr/lib']],
  [
    'a table of modules',
    { usr: { lib: { modules: { '6.12': { 'modules.dep.bin': file() } } } } },
    ['warning usr/lib/modules/6.12/modules.dep.bin'],
  ],
  ['another init', { usr: { sbin: { init: file() } } }, ['warning usr/sbin/init']],
  ['no init', { usr: { sbin: { init: whiteout() } } }, ['error usr/sbin/init']],
  ['no place for /proc', { proc: whiteout(), run: link('var/run') }, ['error proc', 'error run']],
])('guardFindings() finds %s', (_, shape, expected) => {
  expect(found(shape)).toEqual(expected);
});

test('guardFindings() says where the link of a hidden name leads', () => {
  const tree = finishTree(directory({ var: { lock: { file: file() } } }));
  expect(guardFindings(tree, base)[0]?.hint).toBe('write below /run/lock, where the link leads');
});
