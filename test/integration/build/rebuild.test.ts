/** `onib verify --rebuild`: a release that is the same when it is built again, and one that is not. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/host/run.js';
import { before, contentOfStore, nothingLeft, type Before } from '../../support/leftovers.js';
import { runOnib } from '../../support/onib-command.js';
import { TinyProject } from '../../support/tiny-project.js';

const TASKS = 'roles/overlay/provision_small/tasks/main.yml';
const RANDOM = `- name: never twice the same
  ansible.builtin.command: { argv: [cp, /proc/sys/kernel/random/uuid, /etc/unlike] }
`;

let project: TinyProject;
let state: Before;

beforeAll(async () => {
  project = await TinyProject.create();
  await project.write('vars/small.yml', 'provisioner: roles/overlay/provision_small\n');
  await project.write(
    TASKS,
    '- name: say more\n  ansible.builtin.copy: { dest: /etc/issue, content: small }\n',
  );
  state = await before();
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function command(...words: readonly string[]): Promise<RunResult> {
  return await runOnib(project.directory, words, { env: state.environment });
}

describe('onib verify --rebuild', () => {
  it('finds a release that comes out the same, and changes nothing of the store', async () => {
    expect((await command('build', 'base')).exitCode).toBe(0);
    expect((await command('build', 'overlay')).exitCode).toBe(0);
    const store = await contentOfStore(project.store);
    const ran = await command('verify', '--rebuild');
    expect(ran.stderr).not.toContain('error');
    expect(ran.stdout).toMatch(/same +base\.trixie\.squashfs\n.*same +small\.overlay\.cpio\.gz/s);
    expect(ran.stdout).toMatch(/release \S+ is the same when it is built again/);
    expect(ran.exitCode).toBe(0);
    expect(await contentOfStore(project.store)).toEqual(store);
    await nothingLeft(state, project.directory);
  });

  it('refuses when the project is no longer what the release was built from', async () => {
    await project.append(TASKS, RANDOM);
    const ran = await command('verify', '--rebuild');
    expect(ran.stderr).toContain('error[REBUILD_OUT_OF_DATE]: Cannot build "overlay small" again');
    expect(ran.stderr).toContain(`${TASKS} changed`);
    expect(ran.exitCode).toBe(2);
  });

  it('tells the paths that come out otherwise', async () => {
    expect((await command('build', 'overlay')).exitCode).toBe(0);
    const ran = await command('verify', '--rebuild');
    expect(ran.stdout).toMatch(/same +base\.trixie\.squashfs\n.*OTHER +small\.overlay/s);
    const [error = ''] = ran.stderr.split('\n').filter((line) => line.startsWith('error'));
    expect(error).toBe(
      'error[NOT_REPRODUCIBLE]: Cannot build "small.overlay.cpio.gz" again bit by bit: one path differs',
    );
    expect(ran.stderr).toContain('/etc/unlike: content');
    expect(ran.exitCode).toBe(1);
  });

  it('builds only the current release again', async () => {
    const ran = await command('verify', '--rebuild', project.directory);
    expect(ran.stderr).toContain('error[USAGE]');
    expect(ran.exitCode).toBe(2);
    expect(existsSync(path.join(project.store, 'current'))).toBe(true);
  });
});
