/** Building again begins where the inputs differ, and gives what a build from the beginning gives. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/run.js';
import type { ReleaseManifest } from '../../../src/contract/release-manifest.js';
import { Store } from '../../../src/store/store.js';
import { before, nothingLeft, type Before } from '../../support/leftovers.js';
import { onib, runBuild } from '../../support/onib-command.js';
import { TinyProject } from '../../support/tiny-project.js';

const ROLES = ['one', 'two', 'three'] as const;

let project: TinyProject;
let state: Before;

/** Deletes what the base brings, replaces a directory, and leaves a fact that the next one must not see. */
const TASKS: Readonly<Record<(typeof ROLES)[number], string>> = {
  one: `---
- name: directory replaced, file deleted
  ansible.builtin.shell: |
    rm -r /etc/cron.daily; mkdir /etc/cron.daily; echo one >/etc/cron.daily/one
    rm /etc/issue; cp /bin/true /usr/local/bin/one; chmod 4755 /usr/local/bin/one
- ansible.builtin.set_fact:
    told_by_one: true
`,
  two: `---
- name: what the one before left
  ansible.builtin.shell: |
    test -e /etc/cron.daily/one && ! test -e /etc/issue && ln /etc/cron.daily/one /etc/linked
- name: facts are of one role
  ansible.builtin.assert:
    that: told_by_one is not defined
- name: what Ansible finds out is there for a role that asks for it
  ansible.builtin.assert:
    that: ansible_facts.distribution == "Debian"
`,
  three: `---
- name: last
  ansible.builtin.copy:
    dest: /etc/three
    content: "{{ word }}"
`,
};

beforeAll(async () => {
  project = await TinyProject.create();
  state = await before();
  // Snapshots outlive the project: those of an earlier run are over another base.
  await project.write('roles/basefs/provision_tiny/files/run', randomUUID());
  await project.append(
    'roles/basefs/provision_tiny/tasks/main.yml',
    '- copy: { src: run, dest: /etc/run-of-the-test }\n',
  );
  for (const role of ROLES) {
    await project.write(`roles/overlay/${role}/tasks/main.yml`, TASKS[role]);
  }
  const list = ROLES.map((role) => `  - roles/overlay/${role}\n`).join('');
  await project.write('vars/many.yml', `---\nprovisioners:\n${list}word: first\n`);
});

afterAll(async () => {
  await nothingLeft(state, project.directory);
  await project[Symbol.asyncDispose]();
});

interface Built {
  readonly stages: readonly string[];
  readonly tasks: readonly unknown[];
  readonly exitCode: number;
  readonly release: ReleaseManifest | undefined;
}

async function build(words: readonly string[]): Promise<Built> {
  const { exitCode, lines } = await runBuild(project.directory, words, { env: state.environment });
  return {
    stages: lines.filter(({ type }) => type === 'stage').map(({ stage = '' }) => stage),
    tasks: lines.filter(({ type }) => type === 'task-end').map(({ task }) => task),
    exitCode,
    release: await new Store(project.store).current(),
  };
}

function digestOf({ release }: Built, kind: string): string | undefined {
  return release?.artifacts.find((artifact) => artifact.kind === kind)?.digest;
}

const provisioning = ({ stages }: Built): string[] =>
  stages.filter((stage) => /^run provisioner|snapshot/.test(stage));

const ALL = ['run provisioner 1 of 3', 'run provisioner 2 of 3', 'run provisioner 3 of 3'];

describe('onib build with snapshots', () => {
  let base: Built;
  let overlay: Built;

  it('makes the tree once: a change of the provisioner begins after the bootstrap', async () => {
    base = await build(['base', '--force']);
    expect(base.stages).toContain('bootstrap trixie with mmdebstrap');
    await project.change(
      'roles/basefs/provision_tiny/tasks/main.yml',
      'content: tiny',
      'content: changed',
    );
    const again = await build(['base']);
    expect(again.stages).toContain('take the snapshot of trixie');
    expect(again.stages.join()).not.toContain('bootstrap');
    expect(digestOf(again, 'base')).not.toBe(digestOf(base, 'base'));
    const image = path.join(project.store, 'current', 'base.trixie.squashfs');
    expect((await run([...onib, 'cat', image, 'etc/motd'])).stdout).toBe('changed');

    const whole = await build(['base', '--force']);
    expect(whole.stages).toContain('bootstrap trixie with mmdebstrap');
    expect(digestOf(whole, 'base')).toBe(digestOf(again, 'base'));
  });

  it('takes up where a first build failed', async () => {
    const good = 'content: "{{ word }}"';
    await project.change('roles/overlay/three/tasks/main.yml', good, 'content: "{{ wrod }}"');
    const failed = await build(['overlay']);
    expect(failed.exitCode).toBe(1);
    expect(provisioning(failed)).toEqual(ALL);
    await project.change('roles/overlay/three/tasks/main.yml', 'content: "{{ wrod }}"', good);
    overlay = await build(['overlay']);
    expect(overlay.exitCode).toBe(0);
    expect(provisioning(overlay)).toEqual(['take the snapshot after provisioner 2', ALL[2]]);
    const whole = await build(['overlay', '--force']);
    expect(provisioning(whole)).toEqual(ALL);
    expect(whole.tasks.filter((task) => task === 'Gathering Facts')).toHaveLength(1);
    expect(digestOf(whole, 'overlay')).toBe(digestOf(overlay, 'overlay'));
  });

  it('begins with the provisioner that changed', async () => {
    await project.append('roles/overlay/two/tasks/main.yml', '- command: touch /etc/two\n');
    const changed = await build(['overlay']);
    expect(provisioning(changed)).toEqual([
      'take the snapshot after provisioner 1',
      ALL[1],
      ALL[2],
    ]);
    await project.change('vars/many.yml', 'word: first', 'word: second');
    const variable = await build(['overlay']);
    expect(provisioning(variable)).toEqual(['take the snapshot after provisioner 2', ALL[2]]);
    const whole = await build(['overlay', '--force']);
    expect(digestOf(whole, 'overlay')).toBe(digestOf(variable, 'overlay'));
    const file = path.join(project.store, 'current', 'many.overlay.cpio.gz');
    expect((await run([...onib, 'cat', file, 'etc/three'])).stdout).toBe('second');
    expect((await build(['overlay'])).stages).toEqual([]);
  });

  it('takes no snapshot over another base', async () => {
    await project.change('roles/basefs/provision_tiny/tasks/main.yml', 'changed', 'again');
    expect(provisioning(await build(['all']))).toEqual(expect.arrayContaining(ALL));
  });
});
