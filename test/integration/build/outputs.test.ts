/** What every artifact is checked for before it is released, and what a release says of it. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type RunResult } from '../../../src/host/run.js';
import type { Artifact } from '../../../src/contract/release-manifest.js';
import { Store } from '../../../src/store/store.js';
import { before, nothingLeft, type Before } from '../../support/leftovers.js';
import { runOnib } from '../../support/onib-command.js';
import { TinyProject } from '../../support/tiny-project.js';

const VARS = 'vars/small.yml';

/** Each makes what one rule forbids; the build itself removes the log and the host key. */
const TASKS = `---
- name: a key, a history and a cache of Python
  ansible.builtin.shell:
    cmd: |
      install -d -m 700 /root/.ssh && echo 'ssh-ed25519 AAAA me' >/root/.ssh/authorized_keys
      echo ls >/root/.bash_history; echo ls >/root/.ash_history
      mkdir -p /usr/lib/python3/__pycache__ && echo x >/usr/lib/python3/__pycache__/a.pyc
      echo x >/var/log/x.log; mkdir -p /var/log/journal/kept; echo x >/var/log/journal/kept/y
      echo x >/etc/ssh_host; mkdir -p /etc/ssh; echo x >/etc/ssh/ssh_host_x_key
- name: what the build looks like from inside
  ansible.builtin.shell: { cmd: "mount | grep python >/etc/mounts; echo me:x1:1:0:99999:7:::0 >/etc/shadow-2" }
- name: a package
  ansible.builtin.apt: { name: hdparm, install_recommends: false }
`;

let project: TinyProject;
let state: Before;

beforeAll(async () => {
  project = await TinyProject.create();
  await project.write(VARS, 'provisioner: roles/overlay/provision_small\n');
  await project.write('roles/overlay/provision_small/tasks/main.yml', TASKS);
  state = await before();
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function build(...words: readonly string[]): Promise<RunResult> {
  return await runOnib(project.directory, ['build', ...words], { env: state.environment });
}

async function artifact(kind: Artifact['kind']): Promise<Artifact> {
  const release = await new Store(project.store).current();
  const found = release?.artifacts.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
}

describe('onib build', () => {
  it('keeps nothing that no image may hold, and names path, rule and cure', async () => {
    expect((await build('base')).exitCode).toBe(0);
    const { stderr, exitCode } = await build('overlay');
    expect(exitCode).toBe(1);
    const found = [...stderr.matchAll(/^error\[HYGIENE\]: Cannot keep "(\S+)": (\/\S+) /gm)];
    expect(found.map(([, file, name]) => `${file ?? ''} ${name ?? ''}`).sort()).toEqual(
      ['etc/mounts', 'etc/shadow-2', 'root/.ash_history', 'root/.ssh/authorized_keys']
        .concat('usr/lib/python3/__pycache__')
        .map((name) => `small.overlay.cpio.gz /${name}`),
    );
    expect(stderr).toContain('rule: authorized-keys');
    expect(stderr).toContain(
      'at roles/overlay/provision_small/tasks/main.yml:2\n  rule: authorized-keys\n' +
        '  made by task "a key, a history and a cache of Python" of role provision_small\n',
    );
    expect(stderr).toContain(
      `add to ${VARS}: hygiene_allow: [{ authorized-keys: root/.ssh/authorized_keys }]`,
    );
    expect(await readdir(path.join(project.store, 'releases'))).toHaveLength(1);
    await nothingLeft(state, project.directory);
  });

  it('keeps what is allowed, and fails when that is more than its budget', async () => {
    await project.append(
      VARS,
      `hygiene_allow:
  - authorized-keys: root/.ssh/authorized_keys
  - shell-history: /root/.ash_history
  - python-bytecode: usr/lib/python3/**
  - build-path: etc/mounts
  - password: etc/shadow-2
  - log: var/log/journal/**
size_budget: 10K
`,
    );
    const { stderr, exitCode } = await build('overlay');
    expect(stderr).toMatch(
      /error\[SIZE_BUDGET\]: Cannot release overlay "small": it has \S+ kB, and size_budget allows 10\.2 kB/,
    );
    expect(stderr).toMatch(/biggest packages \(unpacked\): .*hdparm \S+ [kM]B/);
    expect(stderr).toMatch(/biggest directories \(unpacked\): .*var\/lib \S+ [kM]B/);
    expect(exitCode).toBe(1);
    expect(await readdir(path.join(project.store, 'releases'))).toHaveLength(1);
  });

  it('tells the packages of each artifact, and writes sums that sha256sum checks', async () => {
    await project.change(VARS, 'size_budget: 10K', 'size_budget: 10M');
    expect((await build('all')).stderr).not.toContain('error');
    const base = await artifact('base');
    const libc = base.packages?.find(({ name }) => name === 'libc6');
    expect(libc).toMatchObject({ architecture: 'amd64', source: 'glibc' });
    expect(libc?.installedSize).toBeGreaterThan(5e6);
    expect(libc?.version).toMatch(/^2\./);
    const overlay = await artifact('overlay');
    const listed = await runOnib(project.directory, ['ls', overlay.fileName]);
    expect(listed.stdout).toContain('var/log/journal/kept/y');
    expect(listed.stdout).not.toContain('x.log');
    expect(listed.stdout).not.toContain('ssh_host_x_key');
    expect(overlay.packages?.map(({ name }) => name)).toEqual(['hdparm']);
    const [loader, ...others] = (await artifact('loader')).packages ?? [];
    expect(loader).toMatchObject({ name: 'ipxe', architecture: 'all', source: 'ipxe' });
    expect(others).toEqual([]);
    const sums = await run(['sha256sum', '--strict', '-c', 'SHA256SUMS'], {
      cwd: path.join(project.store, 'current'),
    });
    const release = await new Store(project.store).current();
    const names = release?.artifacts.map(({ fileName }) => `${fileName}: OK\n`) ?? [];
    expect(names.length).toBeGreaterThan(4);
    expect(sums.stdout).toBe(names.join(''));
  });

  it('tells what grew since the last release', async () => {
    await project.change(VARS, 'size_budget: 10M', 'size_budget: 100K');
    await project.append(
      'roles/overlay/provision_small/tasks/main.yml',
      '- name: much\n  ansible.builtin.shell: { cmd: "head -c 2000000 /dev/urandom >/usr/lib/much" }\n',
    );
    const { stderr, exitCode } = await build('overlay');
    expect(stderr).toMatch(/since the last release: \+2\.0 MB/);
    expect(stderr).toMatch(/directories that grew \(unpacked\): usr\/lib 2\.0 MB/);
    expect(exitCode).toBe(1);
  });
});
