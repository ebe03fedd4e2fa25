/** Two base images of one suite, with an overlay over each. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReleaseManifest } from '../../../src/contract/release-manifest.js';
import type { RunResult } from '../../../src/host/run.js';
import { Store } from '../../../src/store/store.js';
import { before, type Before } from '../../support/leftovers.js';
import { runOnib } from '../../support/onib-command.js';
import { tinyImages } from '../../support/tiny-images.js';
import type { TinyProject } from '../../support/tiny-project.js';

let project: TinyProject;
let state: Before;

beforeAll(async () => {
  project = await tinyImages({ kernel: false });
  state = await before();
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function onib(...words: readonly string[]): Promise<RunResult> {
  return await runOnib(project.directory, words, { env: state.environment });
}

async function build(...words: readonly string[]): Promise<RunResult> {
  const ran = await onib('build', ...words);
  expect(ran.exitCode, ran.stderr).toBe(0);
  return ran;
}

async function release(): Promise<ReleaseManifest> {
  const current = await new Store(project.store).current();
  if (current === undefined) throw new Error('there is no release');
  return current;
}

describe('two base images of one suite', () => {
  it('have the names of their images before their file names, and each its overlay', async () => {
    await build('base');
    expect((await release()).artifacts.map(({ fileName }) => fileName)).toContain(
      'base.trixie.squashfs',
    );
    await project.write('vars/other.yml', await project.read('vars/tiny.yml'));
    await project.append('vars/other.yml', 'hostname_of_other: other\n');
    await project.append('vars/small.yml', 'base: tiny\n');
    await project.write(
      'vars/little.yml',
      'provisioner: roles/overlay/provision_small\nbase: other\n',
    );
    await project.change(
      'roles/basefs/provision_tiny/tasks/main.yml',
      'content: tiny',
      'content: "{{ hostname_of_other | default(\'tiny\') }}"',
    );
    const { stdout } = await build('all');
    expect(stdout).toContain('other.base.trixie.squashfs');
    const { artifacts } = await release();
    const bases = artifacts.filter(({ kind }) => kind === 'base');
    expect(bases.map(({ fileName }) => fileName)).toEqual([
      'other.base.trixie.squashfs',
      'tiny.base.trixie.squashfs',
    ]);
    const overlays = artifacts.filter(({ kind }) => kind === 'overlay');
    expect(overlays.map(({ name, baseDigest }) => [name, baseDigest])).toEqual([
      ['little', bases[0]?.digest],
      ['small', bases[1]?.digest],
    ]);
    expect(await readdir(path.join(project.store, 'current'))).toEqual(
      expect.arrayContaining(['other.base.trixie.squashfs', 'tiny.base.trixie.squashfs']),
    );
    expect((await onib('plan')).stdout).toBe('nothing to build: up to date\n');
  });

  it('are named by their images, and by their kind they cannot be told apart', async () => {
    expect((await onib('cat', 'other', 'etc/motd')).stdout).toBe('other');
    expect((await onib('cat', 'vars/tiny.yml', 'etc/motd')).stdout).toBe('tiny');
    const { exitCode, stderr } = await onib('ls', 'base');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error[ARTIFACT_AMBIGUOUS]');
    expect(stderr).toContain('did you mean "other" or "tiny"?');
  });

  it('stay apart when one of them is built again, and the last one has its usual name', async () => {
    const before = await release();
    await project.append('vars/other.yml', 'more: true\n');
    await project.change(
      'vars/other.yml',
      'hostname_of_other: other',
      'hostname_of_other: another',
    );
    await build('all');
    const after = await release();
    const digests = ({ artifacts }: ReleaseManifest, name: string): string[] =>
      artifacts.filter((one) => one.name === name).map(({ digest }) => digest);
    expect(digests(after, 'tiny')).toEqual(digests(before, 'tiny'));
    expect(digests(after, 'other')).not.toEqual(digests(before, 'other'));
    for (const name of ['tiny', 'small']) await project.remove(`vars/${name}.yml`);
    await build('all');
    const names = (await release()).artifacts.map(({ fileName }) => fileName);
    expect(names).toContain('base.trixie.squashfs');
    expect(names.filter((name) => name.includes('base.'))).toHaveLength(1);
    expect((await onib('cat', 'base', 'etc/motd')).stdout).toBe('another');
  });
});
