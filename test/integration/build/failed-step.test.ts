/**
 * A build whose step fails: what it says, the shell in the tree as it was, and that what it had finished is
 * not built again.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type RunResult } from '../../../src/host/run.js';
import { shellCommand } from '../../../src/host/shell-words.js';
import { packagePath } from '../../../src/core/package.js';
import { rollBack } from '../../../src/store/activate.js';
import { Store } from '../../../src/store/store.js';
import { before, flawsOfStore, nothingLeft, type Before } from '../../support/leftovers.js';
import { differencesOfShape, examplesIn, type Example } from '../cli/support/shape.js';
import { onib, runOnib } from '../../support/onib-command.js';
import { TinyProject } from '../../support/tiny-project.js';

const ROLE = 'roles/overlay/provision_small/tasks/main.yml';
const GOOD = '- name: say more\n  ansible.builtin.copy: { dest: /etc/issue, content: small }\n';
const BAD = `${GOOD}- name: fail\n  ansible.builtin.command:\n    argv: [sh, -c, "echo no such luck >&2; exit 3"]\n`;

const documentedWhy = examplesIn(await readFile(packagePath('docs/json.md'), 'utf8')).find(
  ({ schema }) => schema === 'onib.why/1',
);

let project: TinyProject;
let state: Before;

beforeAll(async () => {
  project = await TinyProject.create();
  await project.write('vars/small.yml', 'provisioner: roles/overlay/provision_small\n');
  state = await before();
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function command(...words: readonly string[]): Promise<RunResult> {
  const ran = await runOnib(project.directory, words, { env: state.environment });
  await nothingLeft(state, project.directory);
  expect(await flawsOfStore(project.store)).toEqual([]);
  return ran;
}

const steps = async (): Promise<string[]> => {
  const plan = JSON.parse((await command('plan', '--json')).stdout) as {
    steps: { title: string }[];
  };
  return plan.steps.map(({ title }) => title);
};

describe('onib build, when a task fails', () => {
  it('names its place, its command, its output and the log', async () => {
    await project.write(ROLE, BAD);
    const { stderr, exitCode } = await command('build', 'all', '--quiet');
    expect(exitCode).toBe(1);
    const lines = stderr.trim().split('\n');
    expect(lines[0]).toBe(
      'error[PROVISION_FAILED]: Cannot provision overlay "small": task "fail" of role provision_small failed',
    );
    expect(lines.slice(1)).toEqual([
      `  at ${ROLE}:3`,
      `  $ sh -c 'echo no such luck >&2; exit 3'`,
      '  non-zero return code',
      '  stderr: no such luck',
      expect.stringMatching(/^ {2}log: \/.*\/overlay-small\/ansible\.log$/),
      expect.stringContaining('  hint: the same build with --shell-on-error'),
    ]);
    const log = await readFile(lines[5]?.replace('  log: ', '') ?? '', 'utf8');
    expect(log).toContain('no such luck');
  });

  it('builds what it had finished no second time', async () => {
    await project.write(ROLE, GOOD);
    // Loaders may have been built beside the base.
    const planned = await steps();
    expect(planned).toContain('overlay small');
    expect(planned).not.toContain('base tiny');
    const { stdout, exitCode } = await command('build', 'all', '--json');
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('"step":"base tiny"');
    const release = await new Store(project.store).current();
    expect(release?.artifacts.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['base', 'overlay', 'loader']),
    );
    await expect(readFile(path.join(project.store, 'unreleased.json'))).rejects.toThrow('ENOENT');
  });

  it('builds nothing when a change, or a rollback, is taken back', async () => {
    const first = await new Store(project.store).current();
    await project.write(ROLE, GOOD.replace('small', 'smaller'));
    expect((await command('build', 'overlay')).exitCode).toBe(0);
    const second = await new Store(project.store).current();
    await rollBack(new Store(project.store));
    const forward = await command('build', 'all');
    expect(forward.stdout).toContain('nothing was built: what was built before fits');
    expect((await new Store(project.store).current())?.artifacts).toEqual(second?.artifacts);
    await project.write(ROLE, GOOD);
    expect(await steps()).toEqual([]);
    await command('build', 'all');
    expect((await new Store(project.store).current())?.artifacts).toEqual(first?.artifacts);
    expect((await command('build', 'all')).stdout).toContain('is up to date');
  });
});

describe('onib why', () => {
  it('names the lines of a role that changed, then and now', async () => {
    await project.write(ROLE, `${GOOD}- name: again\n  ansible.builtin.debug: { msg: again }\n`);
    expect((await command('build', 'overlay')).exitCode).toBe(0);
    await project.write(ROLE, GOOD.replace('say more', 'say less'));
    const { stdout, exitCode } = await command('why', 'small');
    expect(exitCode).toBe(0);
    const [first, then, now, later] = stdout.split('\n');
    expect(first).toMatch(/^small\.overlay\.cpio\.gz of \S+, from that of \S+:$/);
    expect(then).toBe(`  ${ROLE} changed: lines 3–4`);
    expect([now, later]).toEqual([
      'a build would make it anew:',
      `  ${ROLE} changed: line 1, 2 lines gone after line 2`,
    ]);
    const object = JSON.parse((await command('why', 'small', '--json')).stdout) as Example;
    expect(differencesOfShape(documentedWhy, object)).toEqual([]);
    const kept = path.join(project.store, 'inputs');
    expect((await stat(kept)).mode & 0o777).toBe(0o700);
    await project.write(ROLE, GOOD);
  });

  it('says what was probably meant', async () => {
    const { stderr, exitCode } = await command('why', 'smal');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('did you mean "small"?');
  });
});

describe('onib build --shell-on-error', () => {
  const words = [...onib, '-C', '.', 'build', 'overlay', '--shell-on-error'];

  it('opens a shell in the tree as it was, and tidies up when it ends', async () => {
    await project.write(ROLE, BAD);
    // The shell reads it when it is there; a terminal keeps what was typed early.
    const typed = 'cat /etc/issue; mount | grep -c /run/onib/python; sleep 1000 &\nexit\n';
    const ran = await run(['script', '-qec', shellCommand(words), '/dev/null'], {
      ...{ check: false, cwd: project.directory, input: typed },
      env: { ...state.environment, TERM: 'dumb' },
    });
    const text = ran.stdout.replaceAll('\r', '');
    expect(text).toContain('a shell in the tree of "overlay small" as it was');
    // What the task before the failing one wrote, and the toolbox, still mounted.
    expect(text).toMatch(/small\n?1\n/);
    expect(text).toContain('error[PROVISION_FAILED]');
    expect(text).not.toContain('While cleaning up');
    expect(ran.exitCode).toBe(1);
    await nothingLeft(state, project.directory);
    expect(await flawsOfStore(project.store)).toEqual([]);
  });

  it('opens one for a finding in the finished tree too, which is the changes alone', async () => {
    const key = 'ssh-ed25519 AAAA somebody';
    const task = `mkdir -p /root/.ssh; echo ${key} >/root/.ssh/authorized_keys`;
    await project.write(ROLE, `${GOOD}- name: a key\n  ansible.builtin.shell: ${task}\n`);
    const ran = await run(['script', '-qec', shellCommand(words), '/dev/null'], {
      ...{ check: false, cwd: project.directory, input: 'cat root/.ssh/auth*\nexit\n' },
      env: { ...state.environment, TERM: 'dumb' },
    });
    const text = ran.stdout.replaceAll('\r', '');
    expect(text).toContain(`# ${key}`);
    expect(text).toContain('error[HYGIENE]');
    expect(ran.exitCode).toBe(1);
    await nothingLeft(state, project.directory);
  });

  it('refuses to build where nobody can type', async () => {
    const { stderr, exitCode } = await command('build', 'overlay', '--shell-on-error');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error[USAGE]: Cannot build with "--shell-on-error"');
  });
});

describe('onib build, when another command fails', () => {
  it.each([
    [
      'the bootstrapper',
      async () =>
        await project.change('vars/tiny.yml', 'packages: []', 'packages: [no-such-package]'),
      /\n {2}\$ .*ONIB_ARCHIVES=\S+ [^$]*mmdebstrap --mode=root/,
    ],
    [
      'Ansible, reading a role',
      async () => {
        await project.change('vars/tiny.yml', 'packages: [no-such-package]', 'packages: []');
        await project.write(ROLE, '- name: broken\n  ansible.builtin.copy: [\n');
      },
      /\n {2}\$ cd \/\S+ && .*ansible-playbook -i \S+inventory\.yml \S+playbook\.yml\n/,
    ],
    [
      'the check of an overlay',
      async () =>
        await project.write(
          ROLE,
          '- name: shadow\n  ansible.builtin.shell: rm /bin && mkdir /bin\n',
        ),
      /OVERLAY_GUARD/,
    ],
  ])('%s: names command and log', async (_, change, says) => {
    await change();
    const { stderr, exitCode } = await command('build', 'all', '--quiet');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/\n {2}log: \/\S+\.log\n/);
  });
});
