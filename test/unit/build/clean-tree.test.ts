import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cleanTree } from '../../../src/build/step/clean-tree.js';

let tree: string;

beforeEach(async () => {
  tree = await mkdtemp(path.join(tmpdir(), 'onib-clean-'));
});

afterEach(async () => {
  await rm(tree, { recursive: true });
});

async function put(...files: string[]): Promise<void> {
  for (const file of files) {
    await mkdir(path.dirname(path.join(tree, file)), { recursive: true });
    await writeFile(path.join(tree, file), 'x');
  }
}

async function left(directory: string): Promise<string[]> {
  return await readdir(path.join(tree, directory));
}

describe('cleanTree()', () => {
  test('removes logs and keeps the directories that packages made for them', async () => {
    await put('var/log/dpkg.log', 'var/log/apt/history.log');
    await cleanTree(tree);
    expect(await left('var/log')).toEqual(['apt']);
    expect(await left('var/log/apt')).toEqual([]);
  });

  test('removes host keys and keeps the configuration beside them', async () => {
    await put(
      'etc/ssh/ssh_host_ed25519_key',
      'etc/ssh/ssh_host_rsa_key.pub',
      'etc/ssh/sshd_config',
    );
    await cleanTree(tree);
    expect(await left('etc/ssh')).toEqual(['sshd_config']);
  });

  test('removes back-ups of the password files only', async () => {
    await put('etc/shadow', 'etc/shadow-', 'etc/passwd', 'etc/passwd-', 'etc/passwd-like');
    await cleanTree(tree);
    expect((await left('etc')).sort()).toEqual(['passwd', 'passwd-like', 'shadow']);
  });

  test('does not follow a link out of the tree', async () => {
    const outside = await mkdtemp(path.join(tmpdir(), 'onib-outside-'));
    await writeFile(path.join(outside, 'precious'), 'x');
    await mkdir(path.join(tree, 'var'));
    await symlink(outside, path.join(tree, 'var/log'));
    await cleanTree(tree);
    expect(await readdir(outside)).toEqual(['precious']);
    await rm(outside, { recursive: true });
  });

  test('does not follow a link on the way out of the tree either', async () => {
    const outside = await mkdtemp(path.join(tmpdir(), 'onib-outside-'));
    await mkdir(path.join(outside, 'log'));
    await writeFile(path.join(outside, 'log/precious'), 'x');
    await symlink(outside, path.join(tree, 'var'));
    await cleanTree(tree);
    expect(await readdir(path.join(outside, 'log'))).toEqual(['precious']);
    await rm(outside, { recursive: true });
  });

  test('removes names that are no UTF-8', async () => {
    await put('var/log/x');
    await writeFile(Buffer.concat([Buffer.from(`${tree}/var/log/`), Buffer.from([0xff])]), 'x');
    await cleanTree(tree);
    expect(await left('var/log')).toEqual([]);
  });
});
