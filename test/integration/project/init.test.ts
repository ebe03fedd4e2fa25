import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../../src/host/run.js';
import { makePlan } from '../../../src/plan/make-plan.js';
import { gatherFacts } from '../../../src/facts/gather.js';
import { initProject, newImage } from '../../../src/project/scaffold/scaffold.js';
import { loadProject } from '../../../src/project/load.js';

let root: string;

beforeAll(async () => {
  root = path.join(await mkdtemp(path.join(os.tmpdir(), 'onib-init-')), 'project');
  await initProject(root);
});

afterAll(async () => {
  await rm(path.dirname(root), { recursive: true });
});

describe('initProject() and newImage()', () => {
  test('a new project is correct, and so is each new image in it', async () => {
    expect((await loadProject(root)).images.map(({ name }) => name)).toEqual([
      'base',
      'example',
      'kernel',
    ]);
    await newImage(root, 'overlay', 'hello');
    await newImage(root, 'base', 'small');
    await newImage(root, 'initrd', 'realtime');
    const config = await loadProject(root);
    const summary = config.images.map(({ name, kind, base, settings, kernelPackage }) => [
      ...[name, kind, base, settings.suite],
      kernelPackage?.replace(/-[^-]+$/, ''),
    ]);
    expect(summary).toEqual([
      ['base', 'base', undefined, 'trixie', undefined],
      ['example', 'overlay', 'base', 'trixie', undefined],
      ['hello', 'overlay', 'base', 'trixie', undefined],
      ['kernel', 'initrd', undefined, 'trixie', 'linux-image'],
      ['realtime', 'initrd', undefined, 'trixie', 'linux-image-rt'],
      ['small', 'base', undefined, 'trixie', undefined],
    ]);
    expect(config.defaultProfile).toBe('example');
    await newImage(root, 'initrd', 'third');
    const { images } = await loadProject(root);
    expect(images.find(({ name }) => name === 'third')?.kernelPackage).toMatch(
      /^linux-image-[a-z0-9]+$/,
    );
  });

  test('the roles of new images are what Ansible takes', async () => {
    const roles = [
      'overlay/provision_hello',
      'basefs/provision_small',
      'initrd/provision_realtime',
    ];
    const playbook = path.join(root, 'check.yml');
    const lines = roles.map((role) => `    - ${path.join(root, 'roles', role)}\n`);
    await writeFile(playbook, `- hosts: localhost\n  roles:\n${lines.join('')}`);
    await run(['ansible-playbook', '--syntax-check', '-i', 'localhost,', playbook]);
    await run(['sh', '-n', path.join(root, 'roles/overlay/provision_hello/files/hello.sh')]);
    await rm(playbook);
  });

  test('gatherFacts() and makePlan() plan a new project, and again after one line', async () => {
    const config = await loadProject(root);
    const before = await gatherFacts(config);
    const plan = makePlan(config, before, { kinds: ['overlay'], files: ['vars/hello.yml'] });
    expect(plan.steps.map(({ title }) => title)).toEqual(['base base', 'overlay hello']);
    const main = 'roles/overlay/provision_hello/tasks/main.yml';
    expect(Object.keys(plan.steps[1]?.inputs ?? {})).toEqual(
      expect.arrayContaining([
        `role ${main}`,
        'role roles/overlay/provision_hello/templates/motd.j2',
        'template playbooks/wrapper.yml.njk',
        'tool ansible-core',
        'var hello_packages',
        'sources',
      ]) as string[],
    );
    expect(before.tools['ansible-core']).toMatch(/^\d/);
    const file = path.join(root, main);
    await writeFile(file, `${await readFile(file, 'utf8')}# a line more\n`);
    const after = await gatherFacts(config);
    const role = path.join(root, 'roles/overlay/provision_hello');
    const changed = Object.entries(after.roles[role]?.files ?? {}).filter(
      ([name, digest]) => before.roles[role]?.files[name] !== digest,
    );
    expect(changed.map(([name]) => name)).toEqual([`role ${main}`]);
  });
});
