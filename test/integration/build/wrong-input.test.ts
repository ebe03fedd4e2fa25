/** `onib build` of projects that cannot be built: exit code, what it says, and that nothing is left of it. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { start } from '../../../src/host/command.js';
import type { RunResult } from '../../../src/host/run.js';
import { Store } from '../../../src/store/store.js';
import {
  before,
  contentOfStore,
  flawsOfStore,
  nothingLeft,
  type Before,
} from '../../support/leftovers.js';
import { onib, runOnib } from '../../support/onib-command.js';
import { commitTo } from '../../support/store-fixture.js';
import { TinyProject } from '../../support/tiny-project.js';
import { until } from '../../support/wait.js';

const GROUP_VARS = 'group_vars/on_imagebuild';

let project: TinyProject;
let state: Before;

beforeEach(async () => {
  project = await TinyProject.create();
  state = await before();
});

afterEach(async () => {
  await project[Symbol.asyncDispose]();
});

const command = async (words: readonly string[], wrapper: readonly string[] = []) =>
  runOnib(project.directory, words, { env: state.environment, wrapper });

/** A release that was there before: whatever fails, it stays the current one. */
async function commitRelease(): Promise<void> {
  const file = path.join(project.directory, 'artifact');
  await writeFile(file, 'an artifact of before');
  const store = new Store(project.store);
  await using _lock = await store.lock('the test');
  const { digest, size } = await store.putObject(file);
  await commitTo(store, {
    ...{ schema: 'onib.release/2', id: '20261120T140501Z-3f9c', onib: '0.1.0' },
    created: '2026-11-20T14:05:01Z',
    artifacts: [
      {
        ...{ kind: 'base', name: 'old', fileName: 'base.bookworm.squashfs', format: 'squashfs' },
        ...{ digest, size, architecture: 'amd64', inputs: {}, inputDigest: digest, seconds: 1 },
      },
    ],
    profiles: [],
  });
}

interface Expected {
  readonly exitCode: number;
  readonly code: string;
  /** In its message, its place, and what to do. */
  readonly says: readonly string[];
}

function expectError(ran: RunResult, { exitCode, code, says }: Expected): void {
  expect(ran.stderr).toContain(`error[${code}]: Cannot `);
  for (const words of says) expect(ran.stderr).toContain(words);
  expect(ran.stderr).not.toMatch(/\berror while cleaning up|\bBUG\b|\n +at .*\.js:/);
  expect(ran.exitCode).toBe(exitCode);
}

/** Mistakes that are found before anything is touched. */
describe('onib build refuses', () => {
  const kinds: readonly [string, string, Omit<Expected, 'exitCode'>][] = [
    [
      'a provisioner in a folder of no kind',
      'provisioner: roles/nothing/like_this\n',
      {
        code: 'KIND',
        says: ['at vars/wrong.yml:1:14', 'roles/nothing/like_this', 'kind: overlay'],
      },
    ],
    [
      'a provisioner whose role is missing',
      '---\nprovisioner: roles/basefs/provision_tyni\n',
      {
        code: 'ROLE_MISSING',
        says: ['at vars/wrong.yml:2:14', 'hint: did you mean "roles/basefs/provision_tiny"?'],
      },
    ],
    [
      'a vars file that is no YAML',
      'provisioner: roles/basefs/provision_tiny\npackages: [one,\nother: x\n',
      {
        code: 'YAML',
        says: ['at vars/wrong.yml:3:1', 'must be sufficiently indented and end with a ]'],
      },
    ],
  ];

  it.each(kinds)('%s', async (_, content, expected) => {
    await project.write('vars/wrong.yml', content);
    const ran = await command(['build', 'all']);
    expectError(ran, { ...expected, exitCode: 2 });
    const planned = await command(['plan']);
    expect([planned.exitCode, planned.stderr]).toEqual([2, ran.stderr]);
    await expect(access(project.store)).rejects.toThrow('ENOENT');
  });

  it('all mistakes of a project at once', async () => {
    await project.write('vars/one.yml', 'provisioner: roles/basefs/provision_tyni\n');
    await project.write('vars/two.yml', 'provisioner: roles/nothing/like_this\n');
    await project.change(GROUP_VARS, 'bootstrap: mmdebstrap', 'bootstrap: mdebstrap');
    const { stderr, exitCode } = await command(['build', 'all']);
    expect(exitCode).toBe(2);
    for (const place of ['vars/one.yml:1:14', 'vars/two.yml:1:14', `${GROUP_VARS}:8:12`]) {
      expect(stderr).toContain(`at ${place}`);
    }
    expect(stderr).toContain('did you mean "mmdebstrap"?');
  });

  it('to build for anyone but root, who may still plan', async () => {
    // May read everything, so that it does not matter where onib is installed.
    const rights = ['--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search'];
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const somebody = ['setpriv', '--securebits=+no_setuid_fixup', ...nobody, ...rights];
    const refused = await command(['build', 'all'], somebody);
    expectError(refused, {
      exitCode: 3,
      code: 'NOT_ROOT',
      says: ['it needs root', 'hint: sudo onib'],
    });
    const planned = await command(['plan'], somebody);
    expect(planned.stderr).toBe('');
    expect(planned.stdout).toContain('base tiny');
    expect(planned.exitCode).toBe(0);
    await expect(access(project.store)).rejects.toThrow('ENOENT');
  });
});

/** Builds, in a store with a release of before. */
async function failingBuild(expected: Expected): Promise<RunResult> {
  await commitRelease();
  const content = await contentOfStore(project.store);
  const ran = await command(['build', 'base']);
  expectError(ran, expected);
  await nothingLeft(state, project.directory);
  expect(await contentOfStore(project.store)).toEqual(content);
  expect(await flawsOfStore(project.store)).toEqual([]);
  return ran;
}

describe('onib build fails', () => {
  it('for a suite that the mirror does not have', async () => {
    await project.change(GROUP_VARS, 'suite: trixie', 'suite: trixi');
    await failingBuild({
      ...{ exitCode: 1, code: 'SUITE_UNKNOWN' },
      says: ['base "tiny"', 'no suite "trixi"', `at ${GROUP_VARS}:5:8`, 'hint: check suite'],
    });
  });

  it('for a package that the suite does not have', async () => {
    const packages = 'packages:\n  - no-package-has-this-name\n';
    await project.change('vars/tiny.yml', 'packages: []\n', packages);
    await failingBuild({
      ...{ exitCode: 1, code: 'PACKAGE_UNKNOWN' },
      says: [
        'base "tiny"',
        '"no-package-has-this-name"',
        'at vars/tiny.yml:4:5',
        'hint: check the name',
      ],
    });
  });

  it('when nobody answers at the mirror', async () => {
    // Port 9 (discard): no machine serves it, and nothing leaves this one.
    await project.append(GROUP_VARS, 'apt_server: 127.0.0.1:9\n');
    await failingBuild({
      ...{ exitCode: 1, code: 'MIRROR_UNREACHABLE' },
      says: ['127.0.0.1:9', `at ${GROUP_VARS}:20:13`, 'hint: check the network and apt_server'],
    });
  });

  it('when the trees do not fit into the memory that they may use', async () => {
    await project.change(GROUP_VARS, 'build_root_size: 80%', 'build_root_size: 60M');
    await failingBuild({
      ...{ exitCode: 1, code: 'DISK_FULL' },
      says: ['base tiny', 'free for trees: ', 'hint: raise build_root_size'],
    });
  });

  it('for a role that is no YAML, with the line in it', async () => {
    const tasks = 'roles/basefs/provision_tiny/tasks/main.yml';
    await project.write(tasks, '---\n- name: broken\n  ansible.builtin.copy: [\n');
    const { stderr } = await failingBuild({
      ...{ exitCode: 1, code: 'PROVISION_FAILED' },
      says: ['base "tiny"', `at ${tasks}:`, 'log: ', 'hint: mend'],
    });
    // It was found beside the bootstrap, which was called off.
    expect(stderr).toContain('bootstrap trixie');
    expect(stderr).not.toContain('update package lists');
  });
});

describe('onib build on a full disk', () => {
  /** The store on a tmpfs that only the command sees; what is in it at the end is printed. */
  function onSmallDisk(size: string): string[] {
    const script =
      'mount -t tmpfs -o size="$0" tmpfs "$STORE"; "$@"; code=$?; ' +
      'find "$STORE" -path "$STORE/logs" -prune -o -printf "%y %P\\n"; exit $code';
    return ['unshare', '--mount', 'env', `STORE=${project.store}`, 'sh', '-c', script, size];
  }

  it.each([
    ['that has no room for the logs', '8k'],
    ['that has no room for the artifacts', '16m'],
  ])('%s', async (_, size) => {
    await mkdir(project.store);
    const ran = await command(['build', 'base', '--quiet'], onSmallDisk(size));
    const says = [
      `the store "${project.store}" is full`,
      'free in the store: ',
      'build_artifact_path',
    ];
    expectError(ran, { exitCode: 1, code: 'DISK_FULL', says });
    expect(ran.stdout.trim().split('\n').sort()).toEqual([
      ...['d ', 'd cell', 'd objects', 'd releases', 'f lock'],
    ]);
    await nothingLeft(state, project.directory);
  });
});

describe('two builds at once', () => {
  it('are one that builds and one that names the other', async () => {
    const lines: string[] = [];
    const first = start([...onib, '-C', project.directory, 'build', 'all', '--json'], {
      check: false,
      env: state.environment,
      onLine: (line) => lines.push(line),
    });
    await until('a stage of the first build', () =>
      lines.find((line) => line.includes('"type":"stage"')),
    );
    const second = await command(['build', 'all']);
    const says = [
      `${project.store}/lock`,
      `onib build, process ${String(first.pid)}`,
      'wait until',
    ];
    expectError(second, { exitCode: 4, code: 'BUSY', says });

    process.kill(first.pid, 'SIGINT');
    expect((await first.result).exitCode).toBe(130);
    await nothingLeft(state, project.directory);
    expect(await flawsOfStore(project.store)).toEqual([]);
  });
});
