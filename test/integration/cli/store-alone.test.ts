/** Commands that need only the store: in a project that cannot be read, and on a machine without any. */
import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packSquashfs } from '../../../src/archive/pack/pack-squashfs.js';
import { EXIT } from '../../../src/core/errors.js';
import { packagePath } from '../../../src/core/package.js';
import { initProject } from '../../../src/project/scaffold/scaffold.js';
import { runOnib } from '../../support/onib-command.js';
import { StoreFixture, standardArtifacts } from '../../support/store-fixture.js';
import { examplesIn } from './support/shape.js';
import { run, type RunResult } from '../../../src/host/run.js';

const [older, newer] = ['20261120T140501Z-3f9c', '20261120T150501Z-3f9c'];
const base = 'base.trixie.squashfs';

let work: string;
let project: string;
let empty: string;
let fixture: StoreFixture;

beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-alone-'));
  project = path.join(work, 'images');
  empty = path.join(work, 'empty');
  await initProject(project);
  await run(['sh', '-euc', 'mkdir -p empty tree/etc; echo hello >tree/etc/motd'], { cwd: work });
  const image = path.join(work, 'image');
  await packSquashfs(path.join(work, 'tree'), image, { compressor: 'zstd', blockSize: 131_072 });
  const content = await readFile(image);
  const artifacts = standardArtifacts.map((one) =>
    one.kind === 'base' ? { ...one, content } : one,
  );
  fixture = await StoreFixture.create();
  for (const id of [older, newer]) await fixture.addRelease({ id, artifacts, profiles: [{}] });
  await fixture.switchTo(newer);
  const settings = path.join(project, 'group_vars/on_imagebuild');
  const text = await readFile(settings, 'utf8');
  await writeFile(settings, `${text}\nbuild_artifact_path: ${fixture.directory}\n`);
  await writeFile(path.join(project, 'vars/discovery.yml'), 'a: [\n');
});

afterEach(async () => {
  await rm(work, { recursive: true });
  await fixture.remove();
});

/** Words of the command, its exit code, and what it says. */
type Row = [command: string, exitCode: number, says: RegExp];

/** PATH without Ansible: what a serving machine has. */
async function withoutAnsible(): Promise<Record<string, string>> {
  const bin = path.join(work, 'bin');
  await run(['sh', '-euc', 'mkdir bin; ln -s "$(command -v ip)" "$(command -v ln)" bin/'], {
    cwd: work,
  });
  return { PATH: bin };
}

const rows: Row[] = [
  ['releases', 0, new RegExp(newer)],
  [`rollback ${older}`, 0, new RegExp(`${older} is current`)],
  [`activate ${older}`, 0, new RegExp(`${older} is current`)],
  ['pin', 0, /is pinned/],
  ['unpin', 0, /is not pinned/],
  ['gc --dry-run', 0, /would free/],
  ['ls current', 0, new RegExp(base)],
  ['ls base /etc', 0, /motd/],
  ['cat base etc/motd', 0, /hello/],
  ['diff current current', 0, /no difference/],
  [`verify base`, 0, /ok/],
  // As far as it gets without a network: past the store.
  ['boot nosuch', 2, /nosuch/],
  ['serve --interface nosuch0', 3, /nosuch0/],
];

function said({ stdout, stderr }: RunResult): string {
  return stdout + stderr;
}

describe('a project with a slip in a vars file', () => {
  it.each(rows)('onib %s reads only the store', async (command, exitCode, says) => {
    const result = await runOnib(project, command.split(' '), { env: await withoutAnsible() });
    expect(said(result)).toMatch(says);
    expect(said(result)).not.toContain('discovery.yml');
    expect(result.exitCode).toBe(exitCode);
  });

  it.each([
    ['status', new RegExp(`release ${newer}`)],
    ['why base', /the store has no earlier build of it/],
  ])('onib %s tells what the store tells, and what is wrong', async (command, says) => {
    const { stdout, stderr, exitCode } = await runOnib(project, command.split(' '));
    expect(stdout).toMatch(says);
    expect(stderr).toMatch(
      /is not known: the project cannot be read\nwarning\[YAML\].*\n +at vars\/discovery.yml:\d/,
    );
    expect(exitCode).toBe(EXIT.usage);
    const json = await runOnib(project, [...command.split(' '), '--json']);
    const object = JSON.parse(json.stdout) as { schema: string };
    expect(object).toMatchObject({ outOfDate: null, problems: [{ code: 'YAML' }] });
    const documented = examplesIn(await readFile(packagePath('docs/json.md'), 'utf8'));
    const example = documented.find(({ schema }) => schema === object.schema);
    expect(Object.keys(object).sort()).toEqual(Object.keys(example ?? {}).sort());
  });

  it('onib build all still tells every mistake, and touches nothing', async () => {
    const { stderr, exitCode } = await runOnib(project, ['build', 'all']);
    expect(stderr).toMatch(/error\[YAML\].*\n +at vars\/discovery.yml/);
    expect(exitCode).toBe(EXIT.usage);
  });
});

describe('a machine with a store and no project', () => {
  it.each([
    ...rows,
    ['status', 0, new RegExp(`release ${newer}`)],
    ['why base', 0, /the store has no earlier build/],
  ] as Row[])('onib %s --store DIR', async (command, exitCode, says) => {
    const words = [...command.split(' '), '--store', fixture.directory];
    const result = await runOnib(empty, words, { env: await withoutAnsible() });
    expect(said(result)).toMatch(says);
    expect(result.exitCode).toBe(exitCode);
  });

  it('onib extract --store DIR', async () => {
    const words = ['extract', 'base', path.join(work, 'out'), '--store', fixture.directory];
    expect((await runOnib(empty, words)).exitCode).toBe(EXIT.done);
    expect(await readFile(path.join(work, 'out/etc/motd'), 'utf8')).toBe('hello\n');
  });

  it('onib releases without --store names it', async () => {
    const { stderr, exitCode } = await runOnib(empty, ['releases']);
    expect(stderr).toMatch(/error\[NO_PROJECT\].*\n +hint: .*--store/);
    expect(exitCode).toBe(EXIT.usage);
  });
});

describe('a path that is no store', () => {
  const commands = ['status', 'releases', 'ls current', 'gc', 'rollback', 'verify', 'boot', 'pin'];

  it.each(commands)('onib %s --store of what is not there', async (command) => {
    const words = [...command.split(' '), '--store', path.join(work, 'gone')];
    const { stderr, exitCode } = await runOnib(empty, words);
    expect(stderr).toMatch(/error\[STORE_MISSING\]: .*gone": there is no such directory\n +hint: /);
    expect(exitCode).toBe(EXIT.usage);
  });

  it.each([
    ['one release', () => path.join(fixture.directory, 'releases', newer), /two directories above/],
    ['another directory', () => project, /it has neither "objects" nor "releases"/],
    [
      'a file',
      () => path.join(fixture.directory, 'releases', newer, 'manifest.json'),
      /no directory/,
    ],
  ])('onib releases --store of %s', async (_, directory, says) => {
    const { stderr, exitCode } = await runOnib(empty, ['releases', '--store', directory()]);
    expect(stderr).toMatch(says);
    expect(exitCode).toBe(EXIT.usage);
  });

  it.each(['status', 'boot', 'ls current'])(
    'onib %s where "current" leads nowhere',
    async (command) => {
      await rename(
        path.join(fixture.directory, 'releases', newer),
        path.join(fixture.directory, 'releases', '20261101T000000Z-0000'),
      );
      const words = [...command.split(' '), '--store', fixture.directory];
      const { stderr, exitCode } = await runOnib(empty, words);
      expect(stderr).toMatch(
        /error\[CURRENT_BROKEN\].*3f9c", which is not there\n +hint: .*onib rollback/,
      );
      expect(exitCode).toBe(EXIT.failed);
    },
  );

  it('onib status where "current" was copied as a directory', async () => {
    await rm(path.join(fixture.directory, 'current'));
    await run(['cp', '-rL', `releases/${newer}`, 'current'], { cwd: fixture.directory });
    const { stderr } = await runOnib(empty, ['status', '--store', fixture.directory]);
    expect(stderr).toMatch(/error\[CURRENT_BROKEN\]: .*it is no link to a release\n +hint: rm -r /);
  });

  it('onib ls of a copied "current" without its store', async () => {
    await symlink(`releases/${newer}`, path.join(empty, 'current'));
    const { stderr, exitCode } = await runOnib(empty, ['ls', './current']);
    expect(stderr).toMatch(/error\[LINK_DEAD\]: .*"releases\/.*", which is not there\n +hint: /);
    expect(exitCode).toBe(EXIT.usage);
  });
});
