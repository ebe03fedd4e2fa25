/**
 * What a build tells and keeps of secrets: a plain variable, encrypted ones, and what a role hides. Everything that a build
 * leaves is searched for them, archives and snapshots unpacked.
 */
import { chmod, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type RunResult } from '../../../src/host/run.js';
import { HostCache } from '../../../src/host/host-cache.js';
import { before, nothingLeft, type Before } from '../../support/leftovers.js';
import { runOnib } from '../../support/onib-command.js';
import { seededRandom } from '../../support/random.js';
import { event, RunningBuild } from '../../support/running-build.js';
import { TinyProject } from '../../support/tiny-project.js';

const ROLE = 'roles/overlay/provision_small/tasks/main.yml';
const SECRETS = {
  plain: 'plain-Xq7RtL2vNs',
  inline: 'inline-Zk4WmP9cJd',
  file: 'ofafile-Hb8YtG3nQx',
  hidden: 'hidden-Vd6KsF1eRu',
} as const;
type Secret = keyof typeof SECRETS;

/** Puts the encrypted ones into the image, the one place where they belong. */
const TASKS = `- name: put them where the role wants them
  ansible.builtin.copy:
    dest: /etc/secret.conf
    content: "{{ inline_secret }} {{ nested.list[0] }} {{ composed }} {{ raw_text }}"
- name: hide {{ inline_secret }} {{ plain_secret }}
  ansible.builtin.command: "echo ${SECRETS.hidden} {{ plain_secret }}"
  no_log: true
- name: use the plain one
  ansible.builtin.command: "true {{ plain_secret }}"
- name: tell {{ inline_secret }} and go on
  ansible.builtin.command: sh -c 'echo {{ inline_secret }} {{ file_secret }}; exit 3'
  ignore_errors: true
- name: again
  ansible.builtin.command: sh -c 'echo ${SECRETS.hidden} {{ item }}; exit 3'
  loop: ["{{ plain_secret }}", two]
  no_log: "{{ true }}"
  ignore_errors: true
`;
const HIDDEN_FAILURE = `- name: fail and hide it
  ansible.builtin.command: sh -c 'echo ${SECRETS.hidden} {{ plain_secret }} {{ file_secret }} >&2; exit 3'
  no_log: true
`;
const FAILURE = `- name: fail for all to see
  ansible.builtin.command: sh -c 'echo {{ inline_secret }} {{ composed }} >&2; exit 3'
`;

let project: TinyProject;
let state: Before;
let environment: Record<string, string>;

beforeAll(async () => {
  project = await TinyProject.create();
  state = await before();
  await project.write('vault-password', 'one password\n');
  // As a user gives it, from where he is: onib runs Ansible in the project.
  const password = path.relative(process.cwd(), path.join(project.directory, 'vault-password'));
  environment = { ...state.environment, ANSIBLE_VAULT_PASSWORD_FILE: password };
  const vaulted = await encrypted(SECRETS.inline);
  await project.write(
    'vars/small.yml',
    [
      'provisioner: roles/overlay/provision_small',
      `plain_secret: ${SECRETS.plain}`,
      `inline_secret: ${vaulted}`,
      `nested:\n  list:\n    - ${vaulted}`,
      // A word of the lines in which Ansible's tasks are told.
      `word: ${await encrypted('line')}`,
      'raw_text: !unsafe "{{ not a template }}"\n',
    ].join('\n'),
  );
  await project.write(ROLE, TASKS);
  const file = 'group_vars/overlay_build_chroot/vault.yml';
  await project.write(
    file,
    `file_secret: ${SECRETS.file}\ncomposed: "{{ file_secret }}-{{ other }}"\n`,
  );
  await project.write('group_vars/overlay_build_chroot/plain.yml', 'other: open\n');
  await vault('encrypt', file);
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function vault(...words: readonly string[]): Promise<string> {
  const { stdout } = await run(['ansible-vault', ...words], {
    cwd: project.directory,
    env: { ANSIBLE_VAULT_PASSWORD_FILE: path.join(project.directory, 'vault-password') },
  });
  return stdout;
}

async function encrypted(text: string): Promise<string> {
  return (await vault('encrypt_string', text)).trimEnd().replace(/\n */g, '\n        ');
}

async function onib(...words: readonly string[]): Promise<RunResult> {
  const ran = await runOnib(project.directory, words, { env: environment });
  await nothingLeft(state, project.directory);
  expect(secretsIn(ran.stdout + ran.stderr)).toEqual([]);
  return ran;
}

function secretsIn(text: string): Secret[] {
  return (Object.keys(SECRETS) as Secret[]).filter((name) => text.includes(SECRETS[name]));
}

async function secretsInFile(file: string): Promise<Secret[]> {
  const words = Object.values(SECRETS).flatMap((secret) => ['-e', secret]);
  const script =
    'file=$0; { zstd -qdc "$file" || zcat "$file" || cat "$file"; } 2>/dev/null | grep -oaF "$@" | sort -u; true';
  return secretsIn((await run(['sh', '-c', script, file, ...words])).stdout);
}

/** Files below a directory that hold a secret, archives unpacked: `logs/x/y: plain`. */
async function found(directory: string, omit: readonly string[] = []): Promise<string[]> {
  const told: string[] = [];
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    const file = path.join(directory, name);
    const stats = await lstat(file).catch(() => undefined);
    if (stats?.isFile() !== true || omit.some((one) => name.startsWith(one))) continue;
    told.push(...(await secretsInFile(file)).map((secret) => `${name}: ${secret}`));
  }
  return told;
}

async function expectPrivateLogs(): Promise<void> {
  const logs = path.join(project.store, 'logs');
  expect((await stat(logs)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(logs, { recursive: true })) {
    const stats = await stat(path.join(logs, name));
    expect([name, stats.mode & 0o777]).toEqual([name, stats.isDirectory() ? 0o700 : 0o600]);
  }
  expect(await found(logs)).toEqual([]);
}

describe('onib build with secrets', () => {
  it('has them in the image alone', async () => {
    await mkdir(path.join(project.store, 'logs/earlier'), { recursive: true });
    await writeFile(path.join(project.store, 'logs/earlier/plan.json'), '{}', { mode: 0o644 });
    await chmod(path.join(project.store, 'logs'), 0o755);
    const { exitCode, stdout, stderr } = await onib('build', 'overlay', '--verbose');
    expect([exitCode, exitCode === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    expect((await stat(path.join(project.store, 'logs'))).mode & 0o777).toBe(0o700);
    await run(['rm', '-r', path.join(project.store, 'logs/earlier')]);
    const cat = await runOnib(project.directory, [
      'cat',
      'small.overlay.cpio.gz',
      'etc/secret.conf',
    ]);
    expect(cat.stdout).toBe(
      `${SECRETS.inline} ${SECRETS.inline} ${SECRETS.file}-open {{ not a template }}`,
    );
    await expectPrivateLogs();
  });

  it('reads encrypted values while there is no tree yet, and calls a bootstrap off for a wrong password', async () => {
    const base = await project.read('vars/tiny.yml');
    await project.append('vars/tiny.yml', `base_secret: ${await encrypted(SECRETS.inline)}\n`);
    const { exitCode, stderr } = await onib('build', 'base', '--force', '--quiet');
    expect([exitCode, stderr]).toEqual([0, '']);
    const own = environment;
    await project.write('other-password', 'another\n');
    const wrong = path.join(project.directory, 'other-password');
    environment = { ...own, ANSIBLE_VAULT_PASSWORD_FILE: wrong };
    const failed = await onib('build', 'base', '--force', '--quiet');
    expect(failed.stderr).toMatch(
      /^error\[VAULT\]: Cannot decrypt variable "base_secret" of "vars\/tiny\.yml": the vault password does not fit/,
    );
    environment = own;
    await project.write('vars/tiny.yml', base);
    await onib('build', 'overlay');
  });

  it('leaves none elsewhere in the store, nor in the host’s cache', async () => {
    const image = (await readFile(path.join(project.store, 'current/SHA256SUMS'), 'utf8'))
      .split('\n')
      .find((line) => line.endsWith('small.overlay.cpio.gz'));
    const digest = image?.split(' ')[0] ?? '';
    // Texts of roles are kept as they are, for their owner: what stands in a role is no variable.
    const inputs = await found(path.join(project.store, 'inputs'));
    expect(inputs.filter((line) => !line.endsWith(': hidden'))).toEqual([]);
    expect(await found(project.store, ['inputs', `objects/${digest}`])).toEqual([]);
    expect((await stat(path.join(new HostCache().directory, 'snapshots'))).mode & 0o777).toBe(
      0o700,
    );
    expect(await found(new HostCache().directory, ['archives', 'lists'])).toEqual([]);
  });

  it('prints none in a plan, in JSON or when it says why', async () => {
    await project.change('vars/small.yml', 'plain_secret: p', 'plain_secret: changed-p');
    expect((await onib('plan', '--json')).stdout).toContain('var plain_secret');
    expect((await onib('why', 'small')).stdout).toContain('variable plain_secret changed');
    await onib('why', 'small', '--json');
    await onib('status', '--json');
    await project.change('vars/small.yml', 'plain_secret: changed-p', 'plain_secret: p');
  });

  it('hides what a failing task with no_log says, and encrypted values of any task', async () => {
    await project.write(ROLE, TASKS + HIDDEN_FAILURE);
    const hidden = await onib('build', 'overlay', '--json');
    expect(hidden.exitCode).toBe(1);
    expect(hidden.stdout).toContain('the output is hidden: the task has no_log');
    await project.write(ROLE, TASKS + FAILURE);
    const shown = await onib('build', 'overlay');
    expect(shown.exitCode).toBe(1);
    expect(shown.stderr).toContain('stderr: ******** ********\n');
    await expectPrivateLogs();
  });

  it('leaves none when it is killed', async () => {
    await project.write(ROLE, `${TASKS}- name: wait\n  ansible.builtin.command: sleep 60\n`);
    Object.assign(process.env, {
      ANSIBLE_VAULT_PASSWORD_FILE: environment.ANSIBLE_VAULT_PASSWORD_FILE,
    });
    const build = await RunningBuild.start(project.directory, ['overlay']);
    delete process.env.ANSIBLE_VAULT_PASSWORD_FILE;
    const isTask = event('overlay small', 'task-start');
    await build.reached({ what: 'a task', at: isTask, within: 1500 }, seededRandom());
    build.kill('SIGKILL');
    await build.process.result;
    await nothingLeft(build.state, project.directory);
    expect(secretsIn(build.lines.map((line) => JSON.stringify(line)).join())).toEqual([]);
    await expectPrivateLogs();
    await project.write(ROLE, TASKS);
  });

  it('says which variable or file it has no password for, or the wrong one', async () => {
    await project.append(ROLE, '# again\n');
    const own = environment;
    await project.write('other-password', 'another\n');
    const wrong = path.join(project.directory, 'other-password');
    environment = { ...own, ANSIBLE_VAULT_PASSWORD_FILE: wrong };
    const failed = await onib('build', 'overlay', '--quiet');
    expect(failed.stderr).toContain('error[VAULT]: Cannot decrypt ');
    expect(failed.stderr).toContain('the vault password does not fit');
    environment = { ...state.environment };
    await project.append('group_vars/overlay_build_chroot/plain.yml', 'another: x\n');
    const missing = await onib('build', 'overlay', '--quiet');
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toMatch(
      /^error\[VAULT\]: Cannot decrypt file "group_vars\/overlay_build_chroot\/vault\.yml": Ansible has no vault password\n/,
    );
    expect(missing.stderr).toContain('hint: ANSIBLE_VAULT_PASSWORD_FILE=<file>');
    await run(['rm', path.join(project.directory, 'group_vars/overlay_build_chroot/vault.yml')]);
    const inline = await onib('build', 'overlay', '--quiet');
    expect(inline.stderr).toMatch(
      /^error\[VAULT\]: Cannot decrypt variable "inline_secret" of "vars\/small\.yml": Ansible has no vault password\n {2}at vars\/small\.yml:3:\d+\n/,
    );
    environment = own;
  });
});
