/** `onib.lock`: what a build records, follows and refuses, with real packages of the mirror. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/run.js';
import { parseLock } from '../../../src/lock/file.js';
import type { LockedPackage } from '../../../src/lock/model.js';
import { packageDigest } from '../../../src/provision/apt/package-cache.js';
import { debName } from '../../../src/provision/apt/package-index.js';
import { Store } from '../../../src/store/store.js';
import { before, nothingLeft, type Before } from '../../support/leftovers.js';
import { onib, runOnib } from '../../support/onib-command.js';
import { TinyProject } from '../../support/tiny-project.js';

const ARCHIVES = '/var/cache/onib/archives';

let project: TinyProject;
let state: Before;

beforeAll(async () => {
  project = await TinyProject.create();
  state = await before();
});

afterAll(async () => {
  await nothingLeft(state, project.directory);
  await project[Symbol.asyncDispose]();
});

const command = async (words: readonly string[], wrapper: readonly string[] = []) =>
  runOnib(project.directory, words, { env: state.environment, wrapper });

async function build(
  words: readonly string[] = [],
  wrapper: readonly string[] = [],
): Promise<void> {
  const ran = await command(['build', 'base', ...words], wrapper);
  expect(ran.stderr).not.toContain('error[');
  expect(ran.exitCode).toBe(0);
}

const lockFile = (): string => path.join(project.directory, 'onib.lock');
const lockText = async (): Promise<string> => readFile(lockFile(), 'utf8');

async function packages(): Promise<readonly LockedPackage[]> {
  return parseLock(await lockText()).tiny?.packages ?? [];
}

async function packageNamed(name: string): Promise<LockedPackage> {
  const found = (await packages()).find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not in the lock`);
  return found;
}

/** What dpkg's own database in the image says, as lines of name, version and architecture. */
async function installed(): Promise<string[]> {
  const image = path.join(project.store, 'current', 'base.trixie.squashfs');
  const status = await run([...onib, 'cat', image, 'var/lib/dpkg/status']);
  const listing = path.join(project.directory, 'status');
  await writeFile(listing, status.stdout);
  const format = '${Package} ${Version} ${Architecture}\n';
  const admin = path.join(project.directory, 'dpkg');
  await run(['mkdir', '-p', `${admin}/info`, `${admin}/updates`]);
  await run(['mv', listing, `${admin}/status`]);
  const { stdout } = await run(['dpkg-query', `--admindir=${admin}`, '-W', '-f', format]);
  return stdout.trimEnd().split('\n').sort();
}

const inWords = ({ name, version, architecture }: LockedPackage): string =>
  `${name} ${version} ${architecture}`;

describe('onib build and onib.lock', () => {
  it('records every package of the image, with the digest of its file', async () => {
    await build();
    const locked = await packages();
    expect(locked.map(inWords).sort()).toEqual(await installed());
    expect(locked.length).toBeGreaterThan(50);
    for (const one of locked) {
      expect(await packageDigest(path.join(ARCHIVES, debName(one))), one.name).toBe(one.digest);
    }
  });

  it('needs no network when the packages are there, and fetches none that is whole', async () => {
    const text = await lockText();
    await build(['--force'], ['unshare', '--net']);
    expect(await lockText()).toBe(text);
  });

  it('adds a package that is asked for anew, and leaves all others as they are', async () => {
    const old = await packages();
    await project.change('vars/tiny.yml', 'packages: []', 'packages: [tree]');
    await build();
    const now = await packages();
    expect(now).toEqual(expect.arrayContaining([...old]));
    expect(
      now.filter((one) => !old.some(({ name }) => name === one.name)).map(({ name }) => name),
    ).toEqual(['tree']);
    expect(now.map(inWords).sort()).toEqual(await installed());
  });

  it('asks no mirror when a file of a role changed that tasks only copy', async () => {
    await project.append(
      'roles/basefs/provision_tiny/tasks/main.yml',
      '- copy: { src: motd, dest: /etc/motd }\n- apt: { name: tree, install_recommends: false }\n',
    );
    await project.write('roles/basefs/provision_tiny/files/motd', 'one\n');
    await build();
    await project.write('roles/basefs/provision_tiny/files/motd', 'two\n');
    await build([], ['unshare', '--net']);
    const image = path.join(project.store, 'current', 'base.trixie.squashfs');
    expect((await run([...onib, 'cat', image, 'etc/motd'])).stdout).toBe('two\n');
  });

  it('asks the mirror when a provisioner wants what another one of the image has removed', async () => {
    const absent = '- apt: { name: pv, state: absent, purge: true }\n';
    await project.append(
      'roles/basefs/provision_tiny/tasks/main.yml',
      `- apt: { name: pv, install_recommends: false }\n${absent}`,
    );
    await build();
    expect((await packages()).map(({ name }) => name)).not.toContain('pv');
    // The same packages are asked for, so that apt sees those of the lock alone at first.
    const again = await command(['build', 'base', '--force']);
    expect(again.stderr).toContain('onib.lock does not name what was asked for');
    expect(again.exitCode).toBe(0);
    expect((await packages()).map(inWords).sort()).toEqual(await installed());
    const unknown = '- apt: { name: no-such-package }\n';
    await project.append('roles/basefs/provision_tiny/tasks/main.yml', unknown);
    expect((await command(['build', 'base'])).exitCode).toBe(1);
    await project.change('roles/basefs/provision_tiny/tasks/main.yml', unknown, '');
  });

  it('fetches a package anew whose file is damaged', async () => {
    const file = path.join(ARCHIVES, debName(await packageNamed('tree')));
    const bytes = await readFile(file);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    await writeFile(file, bytes);
    await build(['--force']);
    expect(await packageDigest(file)).toBe((await packageNamed('tree')).digest);
  });

  it('refuses a version that the mirror does not have, and --refresh takes one that it has', async () => {
    const text = await lockText();
    const tree = await packageNamed('tree');
    const gone = text.replace(
      `tree ${tree.version} amd64 ${String(tree.digest)} ${String(tree.size)} ${tree.file ?? ''}`,
      `tree 0.1-1 amd64 sha256:${'0'.repeat(64)} 9 pool/main/t/tree/tree_0.1-1_amd64.deb`,
    );
    expect(gone).not.toBe(text);
    await writeFile(lockFile(), gone);
    const release = await new Store(project.store).current();

    const plan = await command(['plan', 'base']);
    expect(plan.stdout).toContain(`package tree ${tree.version} → 0.1-1`);
    const refused = await command(['build', 'base']);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('error[PACKAGE_GONE]: Cannot build base tiny');
    expect(refused.stderr).toContain('the mirror no longer has tree 0.1-1');
    expect(refused.stderr).toContain('onib build all --refresh');
    expect(await lockText()).toBe(gone);
    expect((await new Store(project.store).current())?.id).toBe(release?.id);

    const newer = await command(['plan', 'base', '--refresh']);
    expect(newer.stdout).toContain(`package tree 0.1-1 → ${tree.version}`);
    await build(['--refresh']);
    expect(await lockText()).toBe(text);
    const nothing = await command(['build', 'base', '--refresh']);
    expect(nothing.stdout).toContain('nothing to build');
  });

  it('refuses a broken lock before anything is touched', async () => {
    const text = await lockText();
    await writeFile(lockFile(), text.replace('images:', '<<<<<<< HEAD\nimages:'));
    const refused = await command(['build', 'base']);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('error[LOCK_FILE]: Cannot use "onib.lock"');
    await writeFile(lockFile(), text);
  });
});
