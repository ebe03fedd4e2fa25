import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { initProject, newImage } from '../../../src/project/scaffold/scaffold.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'onib-init-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('initProject()', () => {
  test('initProject() writes a commented project and says what', async () => {
    const root = path.join(directory, 'new/project');
    const files = await initProject(root);
    expect(files).toEqual([
      'hosts',
      'group_vars/on_imagebuild',
      'vars/base.yml',
      'vars/kernel.yml',
      'boot-profiles.yml',
      '.gitignore',
      'vars/example.yml',
      'roles/overlay/provision_example/tasks/main.yml',
      'roles/overlay/provision_example/defaults/main.yml',
      'roles/overlay/provision_example/files/example.sh',
      'roles/overlay/provision_example/templates/motd.j2',
    ]);
    for (const file of files) {
      const content = await readFile(path.join(root, file), 'utf8');
      expect(content, file).toMatch(file.endsWith('.j2') ? /^\{\{ example_greeting \}\}\n$/ : /^#/);
    }
    expect((await stat(path.join(root, files[9] ?? ''))).mode & 0o777).toBe(0o755);
  });

  test('initProject() refuses a directory that is a project or holds one of its files', async () => {
    await writeFile(path.join(directory, 'README.md'), 'mine\n');
    await writeFile(path.join(directory, 'hosts'), 'mine\n');
    await expect(initProject(directory)).rejects.toMatchObject({
      code: 'FILE_EXISTS',
      exitCode: 2,
      details: [path.join(directory, 'hosts')],
    });
    expect(await readFile(path.join(directory, 'hosts'), 'utf8')).toBe('mine\n');
    await expect(stat(path.join(directory, 'vars'))).rejects.toThrow('ENOENT');
    await rm(path.join(directory, 'hosts'));
    await initProject(directory);
    await expect(initProject(directory)).rejects.toMatchObject({
      code: 'PROJECT_EXISTS',
      exitCode: 2,
    });
  });
});

describe('newImage() of an overlay', () => {
  test.each([
    ['hello', 'hello'],
    ['burn-in.v2', 'burn_in_v2'],
    ['10g', 'overlay_10g'],
  ])('newImage() writes "%s" with variables %s_…', async (name, variable) => {
    const [vars = '', tasks = '', defaults = ''] = await newImage(directory, 'overlay', name);
    expect(vars).toBe(`vars/${name}.yml`);
    const read = async (file: string): Promise<unknown> =>
      parse(await readFile(path.join(directory, file), 'utf8'));
    expect(await read(vars)).toEqual({
      provisioner: `roles/overlay/provision_${name}`,
      [`${variable}_packages`]: ['tree'],
      [`${variable}_greeting`]: `Hello from overlay ${name}`,
    });
    expect(await read(defaults)).toHaveProperty(`${variable}_packages`);
    const list = (await read(tasks)) as Record<string, { name?: string; src?: string }>[];
    expect(list[0]?.['ansible.builtin.apt']?.name).toBe(`{{ ${variable}_packages }}`);
    expect(list[1]?.['ansible.builtin.copy']?.src).toBe(`${name}.sh`);
  });

  test('newImage() overwrites nothing', async () => {
    await newImage(directory, 'overlay', 'hello');
    await rm(path.join(directory, 'vars/hello.yml'));
    await expect(newImage(directory, 'overlay', 'hello')).rejects.toMatchObject({
      code: 'FILE_EXISTS',
      message: 'Cannot write "roles/overlay/provision_hello/tasks/main.yml": it exists already',
    });
  });

  test.each(['../x', 'a b', '', '.hidden', 'x/y', 'é'])(
    'newImage() refuses the name %j',
    async (name) => {
      await expect(newImage(directory, 'overlay', name)).rejects.toMatchObject({
        code: 'NAME',
        exitCode: 2,
      });
    },
  );
});
