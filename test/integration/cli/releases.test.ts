/** `onib releases`, `rollback`, `pin` and `gc` on a store with releases in it, as a user types them. */
import { mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { EXIT, type ExitCode } from '../../../src/core/errors.js';
import { packagePath } from '../../../src/core/package.js';
import { initProject } from '../../../src/project/scaffold/scaffold.js';
import { Store } from '../../../src/store/store.js';
import { StoreFixture } from '../../support/store-fixture.js';
import { captureStreams } from '../../unit/cli/support/capture.js';
import { differencesOfShape, examplesIn } from './support/shape.js';

let work: string;
let project: string;
let fixture: StoreFixture;

const documented = examplesIn(await readFile(packagePath('docs/json.md'), 'utf8'));
const id = (hour: number): string => `20261120T${String(hour)}0501Z-3f9c`;

async function onib(...argv: string[]): Promise<{ exitCode: ExitCode; out: string; err: string }> {
  const captured = captureStreams();
  const exitCode = await main([...argv, '-C', project], captured.streams);
  return { exitCode, out: captured.out(), err: captured.err() };
}

async function json(...argv: string[]): Promise<Record<string, unknown>> {
  const { out } = await onib(...argv, '--json');
  const object = JSON.parse(out) as Record<string, unknown>;
  const example = documented.find(({ schema }) => schema === object.schema);
  expect(differencesOfShape(example, object)).toEqual([]);
  return object;
}

beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-releases-'));
  project = path.join(work, 'images');
  await initProject(project);
  fixture = await StoreFixture.create();
  for (const hour of [14, 15, 16]) {
    const content = `base of ${String(hour)}`;
    await fixture.addRelease({
      id: id(hour),
      artifacts: [
        { kind: 'base', fileName: 'base.trixie.squashfs', content },
        { kind: 'loader', fileName: 'ipxe.efi', content: 'always the same' },
      ],
      profiles: [],
    });
    await fixture.switchTo(id(hour));
  }
  const settings = path.join(project, 'group_vars/on_imagebuild');
  const text = await readFile(settings, 'utf8');
  await writeFile(settings, `${text}\nbuild_artifact_path: ${fixture.directory}\n`);
});

afterEach(async () => {
  await rm(work, { recursive: true });
  await fixture.remove();
});

const current = async (): Promise<string> =>
  path.basename(await readlink(path.join(fixture.directory, 'current')));

describe('onib releases', () => {
  it('tells what changed from release to release', async () => {
    const { out } = await onib('releases');
    const [newest, , oldest] = out.split('\n');
    expect(newest).toMatch(new RegExp(`^${id(16)} .* current +~base.trixie.squashfs$`));
    expect(oldest).toMatch(new RegExp(`^${id(14)} .* 2 files$`));
    const { releases } = await json('releases');
    expect(releases).toMatchObject([
      { id: id(16), current: true, changes: [{ fileName: 'base.trixie.squashfs' }] },
      { id: id(15), current: false },
      { id: id(14), changes: [{ change: 'added' }, { change: 'added' }] },
    ]);
  });
});

describe('onib rollback', () => {
  it('switches to the release before, and to one that is named', async () => {
    expect(await json('rollback')).toMatchObject({ release: id(15), before: id(16) });
    expect(await current()).toBe(id(15));
    expect((await onib('rollback', id(16))).out).toBe(`release ${id(16)} is current\n`);
    expect((await onib('rollback', id(16))).out).toContain('is current already');
    expect(await current()).toBe(id(16));
  });

  it('refuses what is not there, with what was probably meant', async () => {
    const { exitCode, err } = await onib('rollback', id(14).replace('f9c', 'f9d'));
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain('error[RELEASE_UNKNOWN]');
    expect(err).toContain(`did you mean "${id(14)}"?`);
    expect(await current()).toBe(id(16));
  });
});

describe('onib gc', () => {
  it('keeps what is pinned, and says what it would free before it does', async () => {
    expect(await json('pin', id(14))).toMatchObject({ release: id(14), pinned: true });
    const tried = await json('gc', '--keep', '1', '--dry-run');
    expect(tried).toMatchObject({ removedReleases: [id(15)], removedFiles: 1, freedBytes: 10 });
    const { out } = await onib('gc', '--keep', '1');
    expect(out).toContain(`stays: ${id(14)} (pinned)`);
    expect(out).toContain(`removed: ${id(15)}`);
    expect(out).toContain('freed 10 B: 1 release, 1 file, logs of 0 runs');
    expect(await json('unpin', id(14))).toMatchObject({ pinned: false });
    expect(await json('gc', '--keep', '0')).toMatchObject({ removedReleases: [id(14)] });
    expect(await current()).toBe(id(16));
  });

  it('does nothing while a build is running', async () => {
    await using _lock = await new Store(fixture.directory).lock('onib build');
    const { exitCode, err } = await onib('gc');
    expect(exitCode).toBe(EXIT.busy);
    expect(err).toMatch(/error\[BUSY\].*held by onib build, process \d+, since \d{4}-/);
  });
});
