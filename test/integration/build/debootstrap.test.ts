/** `bootstrap: debootstrap`: the other bootstrapper, which knows one source and follows the lock all the same. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLock } from '../../../src/lock/file.js';
import { Store } from '../../../src/store/store.js';
import { before, nothingLeft, type Before } from '../../support/leftovers.js';
import { runOnib } from '../../support/onib-command.js';
import { TinyProject } from '../../support/tiny-project.js';

let project: TinyProject;
let state: Before;

beforeAll(async () => {
  project = await TinyProject.create();
  await project.change(
    'group_vars/on_imagebuild',
    'bootstrap: mmdebstrap',
    'bootstrap: debootstrap',
  );
  // Its packages' scripts make an identity, which no image may hold.
  await project.change('vars/tiny.yml', 'packages: []', 'packages: [dbus]');
  state = await before();
});

afterAll(async () => {
  await nothingLeft(state, project.directory);
  await project[Symbol.asyncDispose]();
});

interface Built {
  readonly digest: string | undefined;
  readonly said: string;
}

async function build(words: readonly string[], wrapper: readonly string[] = []): Promise<Built> {
  const options = { wrapper, env: state.environment };
  const ran = await runOnib(project.directory, ['build', 'base', ...words], options);
  expect(ran.stderr).not.toContain('error');
  expect(ran.exitCode).toBe(0);
  const release = await new Store(project.store).current();
  return { digest: release?.artifacts[0]?.digest, said: ran.stdout + ran.stderr };
}

const names = async (): Promise<string[]> =>
  ((await readLock(project.directory)).tiny?.packages ?? []).map(({ name }) => name);

describe('onib build with debootstrap', () => {
  it('makes a base, and records its packages', async () => {
    const { said } = await build(['--force']);
    expect(said).toContain('bootstrap trixie with debootstrap');
    expect(await names()).toEqual(expect.arrayContaining(['dbus', 'libc6', 'zlib1g']));
  });

  it('makes the same base of the locked packages each time, without a network', async () => {
    const packages = await readLock(project.directory);
    const one = await build(['--force'], ['unshare', '--net']);
    expect(await readLock(project.directory)).toEqual(packages);
    const other = await build(['--force'], ['unshare', '--net']);
    expect(other.digest).toBe(one.digest);
  });

  it('asks the mirror for what the lock does not name, and says so', async () => {
    await project.change('vars/tiny.yml', '[dbus]', '[dbus, tree]');
    const { said } = await build(['--force']);
    expect(said).toContain('debootstrap knows one source');
    expect(await names()).toEqual(expect.arrayContaining(['dbus', 'libc6', 'tree']));
  });
});
