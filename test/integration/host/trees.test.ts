/** removeTree() with real mounts: what is mounted in a tree is never reached. */
import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/run.js';
import { bytesOnDisk, removeTree } from '../../../src/host/trees.js';
import { collectGarbage } from '../../../src/store/gc.js';
import { Store } from '../../../src/store/store.js';
import { HostCache } from '../../../src/host/host-cache.js';
import { commitTo } from '../../support/store-fixture.js';

let work: string;
let precious: string;

beforeEach(async () => {
  work = await realpath(await mkdtemp(path.join(tmpdir(), 'onib-trees-')));
  precious = path.join(work, 'precious');
  await mkdir(precious);
  await writeFile(path.join(precious, 'data'), 'not to be lost');
});

afterEach(async () => {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  for (const line of mounts.reverse()) {
    const [, target = ''] = line.split(' ');
    if (target.startsWith(work)) await run(['umount', target.replaceAll('\\040', ' ')]);
  }
  expect(await readFile(path.join(precious, 'data'), 'utf8')).toBe('not to be lost');
  await rm(work, { recursive: true });
});

async function bound(directory: string): Promise<string> {
  const target = path.join(directory, 'deep', 'mount point');
  await mkdir(target, { recursive: true });
  await writeFile(path.join(directory, 'file'), 'x');
  await run(['mount', '--bind', precious, target]);
  return target;
}

describe('removeTree()', () => {
  it('removes nothing of a tree that holds a mount, and names it', async () => {
    const tree = path.join(work, 'tree');
    const target = await bound(tree);
    await expect(removeTree(tree)).rejects.toMatchObject({
      code: 'TREE_HAS_MOUNT',
      message: `Cannot remove "${tree}": a filesystem is mounted on ${target}`,
    });
    expect((await stat(path.join(tree, 'file'))).isFile()).toBe(true);
    await run(['umount', target]);
    await removeTree(tree);
    await expect(stat(tree)).rejects.toThrow('ENOENT');
  });

  it('finds the mount also by a path that goes over a link', async () => {
    await bound(path.join(work, 'real', 'tree'));
    await symlink('real', path.join(work, 'link'));
    const code = { code: 'TREE_HAS_MOUNT' };
    await expect(removeTree(path.join(work, 'link', 'tree'))).rejects.toMatchObject(code);
  });

  it('removes a link, and not what it leads to', async () => {
    const link = path.join(work, 'link');
    await symlink(precious, link);
    await removeTree(link);
    await expect(stat(link)).rejects.toThrow('ENOENT');
  });
});

describe('bytesOnDisk()', () => {
  it('counts nothing that is mounted in the tree', async () => {
    const tree = path.join(work, 'tree');
    await mkdir(path.join(tree, 'mount'), { recursive: true });
    const empty = await bytesOnDisk(tree);
    await run(['mount', '-t', 'tmpfs', 'tmpfs', path.join(tree, 'mount')]);
    await writeFile(path.join(tree, 'mount', 'much'), Buffer.alloc(1_000_000));
    expect(await bytesOnDisk(tree)).toBeLessThanOrEqual(empty);
  });
});

describe('a store with a mount in it', () => {
  it('lock() refuses to clear a leftover that holds one', async () => {
    const store = new Store(path.join(work, 'builds'));
    {
      await using _lock = await store.lock('the test');
    }
    await bound(store.releasePath('.new-20261120T140501Z-0000'));
    await expect(store.lock('the next')).rejects.toMatchObject({ code: 'TREE_HAS_MOUNT' });
    // Nobody holds the lock for that.
    await expect(store.lock('the next')).rejects.toMatchObject({ code: 'TREE_HAS_MOUNT' });
  });

  it('collectGarbage() refuses to remove logs that hold one', async () => {
    const store = new Store(path.join(work, 'builds'));
    const manifest = {
      schema: 'onib.release/2',
      onib: '0.1.0',
      artifacts: [],
      profiles: [],
    } as const;
    {
      await using _lock = await store.lock('the test');
      const id = '20261120T140501Z-0000';
      await commitTo(store, { ...manifest, id, created: '2026-11-20T14:05:01Z' });
    }
    for (const run of ['20261119T140501Z', '20261120T140500Z']) {
      await mkdir(path.join(store.directory, 'logs', run));
    }
    await bound(path.join(store.directory, 'logs', '20261119T140501Z'));
    const options = {
      keep: 1,
      dryRun: false,
      cache: new HostCache('/nonexistent'),
      now: Date.now(),
    };
    await expect(collectGarbage(store, options)).rejects.toMatchObject({ code: 'TREE_HAS_MOUNT' });
  });
});
