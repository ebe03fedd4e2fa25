/** findStore(): where a project's store lies, whatever is wrong with the rest of the project. */
import { describe, expect, it } from 'vitest';
import path from 'node:path';
import { OnibError } from '../../../src/core/errors.js';
import { loadProject } from '../../../src/project/load.js';
import { findStore } from '../../../src/project/store-path.js';
import { inventoryJson, SMALL, withProject, type Files } from './temp-project.js';

async function noAnsible(): Promise<string> {
  await Promise.resolve();
  throw new OnibError('ANSIBLE_MISSING', 'Cannot read inventory "hosts": it is not installed', {
    exitCode: 3,
  });
}

const saysInventory = async (): Promise<string> =>
  await Promise.resolve(inventoryJson({ build_artifact_path: '/srv/inventory', disk: '/mnt' }));

async function storeOf(files: Files, ask = noAnsible): Promise<string> {
  return await withProject({ ...SMALL, ...files }, async (root) =>
    path.relative(root, await findStore(root, ask)),
  );
}

const group = 'group_vars/on_imagebuild';

describe('findStore()', () => {
  it.each<[string, Files, string]>([
    ['nothing set', {}, 'builds'],
    ['a broken vars file', { 'vars/tools.yml': 'a: [' }, 'builds'],
    ['a broken file of another group', { 'group_vars/other': 'a: [' }, 'builds'],
    ['mistakes beside it', { [group]: 'suite: nosuch\nbuild_artifact_path: out\n' }, 'out'],
    ['a slip that cannot be it', { [group]: '# build_artifact_path: x\na: [' }, 'builds'],
    ['the group of all', { 'group_vars/all.yml': 'build_artifact_path: out' }, 'out'],
    [
      'two groups',
      { 'group_vars/all': 'build_artifact_path: a', [group]: 'build_artifact_path: b' },
      'b',
    ],
    [
      'a variable',
      { [group]: 'disk: data\nbuild_artifact_path: "{{ disk }}/onib"' },
      path.join('data', 'onib'),
    ],
    [
      'what the inventory would say in vain',
      { hosts: '[all:vars]\nbuild_artifact_path=x\n', [group]: 'build_artifact_path: out' },
      'out',
    ],
  ])('findStore() needs no Ansible: %s', async (_, files, expected) => {
    expect(await storeOf(files)).toBe(expected);
  });

  it.each<[string, Files, string]>([
    ['the inventory', { hosts: '[on_imagebuild:vars]\nbuild_artifact_path=x\n' }, '/srv/inventory'],
    ['a vault', { 'group_vars/all/v': '$ANSIBLE_VAULT;1.1;AES256\n00' }, '/srv/inventory'],
    ['a group above', { 'group_vars/above': 'build_artifact_path: x' }, '/srv/inventory'],
    ['a variable of elsewhere', { [group]: 'build_artifact_path: "{{ disk }}"' }, '/srv/inventory'],
  ])('findStore() asks Ansible where only it knows: %s', async (_, files, expected) => {
    const found = await withProject({ ...SMALL, ...files }, (root) =>
      findStore(root, saysInventory),
    );
    expect(found).toBe(expected);
    await expect(storeOf(files)).rejects.toMatchObject({
      code: 'STORE_UNKNOWN',
      exitCode: 3,
      hint: expect.stringContaining('--store') as string,
    });
  });

  it('findStore() says where the slip is that hides the answer', async () => {
    await expect(storeOf({ [group]: 'build_artifact_path: [\n' })).rejects.toMatchObject({
      code: 'STORE_UNKNOWN',
      exitCode: 2,
      where: { file: group },
      hint: expect.stringContaining('--store') as string,
    });
    await expect(
      storeOf({ [group]: 'suite: trixie\nbuild_artifact_path: [a]\n' }),
    ).rejects.toMatchObject({ code: 'STORE_UNKNOWN', where: { file: group, line: 2 } });
  });

  it('findStore() says what loadProject() says', async () => {
    for (const value of ['out', '/srv/onib', './a/../b']) {
      const files = { ...SMALL, [group]: `suite: trixie\nbuild_artifact_path: ${value}\n` };
      await withProject(files, async (root) => {
        const ask = async (): Promise<string> =>
          await Promise.resolve(inventoryJson({ suite: 'trixie', build_artifact_path: value }));
        const { settings } = await loadProject(root, ask);
        expect(await findStore(root, noAnsible)).toBe(settings.artifactPath);
      });
    }
  });
});
