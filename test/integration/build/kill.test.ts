/**
 * Builds that are killed at any moment of any stage of any recipe, by any signal: nothing of them is left on
 * this machine or in the store, and the next build works. Moments are events of the build and a
 * random time after them; the seed is printed.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/run.js';
import type { ReleaseManifest } from '../../../src/contract/release-manifest.js';
import { Store } from '../../../src/store/store.js';
import {
  before,
  contentOfStore,
  flawsOfStore,
  nothingLeft,
  processesOf,
} from '../../support/leftovers.js';
import { onib } from '../../support/onib-command.js';
import { seededRandom } from '../../support/random.js';
import { event, RunningBuild, stage, type Moment } from '../../support/running-build.js';
import { changeRole, STEPS, tinyImages, wordsFor } from '../../support/tiny-images.js';
import type { TinyProject } from '../../support/tiny-project.js';

const random = seededRandom();
/** A release that a killed build was about to write; the next build takes it away before all else. */
const UNFINISHED_RELEASE = /(?:^|\/)\.new-/;

let project: TinyProject;

beforeAll(async () => {
  project = await tinyImages({ kernel: true });
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

interface Kill extends Moment {
  readonly step: string;
  /** Instead of those that build the step from its snapshot on. */
  readonly words?: readonly string[];
  readonly signal: NodeJS.Signals;
}

const SIGNALS = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const;
let kills = 0;

/** Some kills at one moment; signals take turns, over all moments. */
function at(times: number, step: string, moment: Moment & Pick<Kill, 'words'>): Kill[] {
  return Array.from({ length: times }, () => {
    const signal = SIGNALS[kills % SIGNALS.length] ?? 'SIGKILL';
    kills += 1;
    return { ...moment, step, signal, what: `${moment.what} of ${step}` };
  });
}

/** Stages that every image with a role has. */
function provisioning(step: string, [lists, provision, task]: readonly number[]): Kill[] {
  const update = stage(step, 'update package lists');
  return [
    ...at(lists ?? 1, step, { what: 'the mounts', at: update, within: 300 }),
    ...at(provision ?? 1, step, { what: 'Ansible', at: stage(step, 'run '), within: 600 }),
    ...at(task ?? 1, step, { what: 'a task', at: event(step, 'task-start'), within: 900 }),
  ];
}

const { base, overlay, kernel, loaders } = STEPS;
const bootstrap = (step: string, words: string, within: number): Moment & Pick<Kill, 'words'> => ({
  ...{ what: 'the bootstrap', at: stage(step, 'bootstrap'), within },
  words: [words, '--force'],
});
const packing = (step: string): ((line: Parameters<ReturnType<typeof stage>>[0]) => boolean) =>
  stage(step, 'pack ');

/** In an empty store. */
const FIRST: readonly Kill[] = [
  ...at(3, base, { what: 'the reading of the project', within: 500 }),
  ...at(3, base, bootstrap(base, 'base', 1500)),
];

/** With a release of everything. */
const LATER: readonly Kill[] = [
  ...at(2, base, bootstrap(base, 'base', 6000)),
  ...provisioning(base, [2, 2, 3]),
  ...at(3, base, { what: 'the packing', at: packing(base), within: 1000 }),
  ...at(1, base, { what: 'the end', at: event(base, 'step-end'), within: 20 }),
  ...provisioning(overlay, [2, 2, 3]),
  ...at(2, overlay, { what: 'the check', at: stage(overlay, 'compare'), within: 30 }),
  ...at(2, overlay, { what: 'the packing', at: packing(overlay), within: 50 }),
  ...at(3, overlay, { what: 'the release', at: event(overlay, 'step-end'), within: 20 }),
  ...at(4, loaders, { what: 'the unpacking', at: stage(loaders, 'unpack '), within: 2000 }),
  ...at(1, loaders, { what: 'the end', at: event(loaders, 'step-end'), within: 20 }),
  ...at(3, kernel, bootstrap(kernel, 'initrd', 8000)),
  ...provisioning(kernel, [1, 1, 1]),
  ...at(2, kernel, { what: 'the initrd', at: stage(kernel, 'make the initrd'), within: 2500 }),
  ...at(1, kernel, { what: 'the modules', at: stage(kernel, 'choose modules'), within: 50 }),
  ...at(2, kernel, { what: 'the packing', at: packing(kernel), within: 300 }),
  ...at(1, kernel, { what: 'the end', at: event(kernel, 'step-end'), within: 20 }),
];

/** Whether the build may have put something into the store, by what it told until it was killed. */
function mayHaveStored({ lines }: RunningBuild): boolean {
  const storing = /^(?:pack |choose modules|unpack )/;
  return lines.some(({ type, stage: of }) => type === 'step-end' || storing.test(of ?? ''));
}

/** What builds keep beside releases: texts of roles, which come first and may stay. */
async function content(): Promise<string[]> {
  return (await contentOfStore(project.store)).filter(
    (line) => line !== '' && !line.startsWith('f inputs/'),
  );
}

async function expectNothingLeft(build: RunningBuild): Promise<void> {
  await nothingLeft(build.state, project.directory);
  const flaws = await flawsOfStore(project.store);
  expect(flaws.filter((flaw) => !UNFINISHED_RELEASE.test(flaw))).toEqual([]);
}

async function killedAt({ step, signal, words, ...moment }: Kill): Promise<void> {
  const stored = await content();
  const release = (await new Store(project.store).current())?.id;
  await using _change = await changeRole(project, step);
  const build = await RunningBuild.start(project.directory, words ?? wordsFor(step));
  await build.reached(moment, random);
  build.kill(signal);
  const { exitCode } = await build.process.result;
  await expectNothingLeft(build);
  // In its last milliseconds it may have ended before the signal came.
  const ended = build.lines.some(({ type }) => type === 'release');
  if (!ended && build.lines.length === 0) {
    // A signal that comes before onib listens ends it as the system does.
    expect([130, 128 + 9, 128 + 15]).toContain(exitCode);
  } else if (!ended && signal === 'SIGKILL') expect(exitCode).toBe(128 + 9);
  else if (!ended) {
    expect(exitCode).toBe(130);
    expect(build.lines.at(-1)).toMatchObject({
      ...{ schema: 'onib.error/1', exitCode: 130 },
      problems: [{ code: 'INTERRUPTED', cleanUp: false }],
    });
  }
  // A cell that had gone on without its parent would have stored its artifact in the end.
  if (!mayHaveStored(build)) expect(await content()).toEqual(stored);
  const now = (await new Store(project.store).current())?.id;
  if (!ended && signal !== 'SIGKILL') expect(now).toBe(release);
}

async function build(words: readonly string[]): Promise<ReleaseManifest> {
  const state = await before();
  await run([...onib, '-C', project.directory, 'build', ...words], { env: state.environment });
  await nothingLeft(state, project.directory);
  expect(await flawsOfStore(project.store)).toEqual([]);
  const release = await new Store(project.store).current();
  if (release === undefined) throw new Error('a build without a release');
  return release;
}

describe('onib build, killed', () => {
  it('is killed at fifty moments', () => {
    expect(FIRST.length + LATER.length).toBe(50);
  });

  it.each(FIRST)('by $signal in $what leaves nothing', killedAt);

  it('builds everything when it is left alone', async () => {
    const { artifacts } = await build(['all']);
    expect([...new Set(artifacts.map(({ kind }) => kind))].sort()).toEqual([
      ...['base', 'initrd', 'kernel', 'loader', 'modules', 'overlay'],
    ]);
  });

  it.each(LATER)('by $signal in $what leaves nothing', killedAt);

  it('says so when its cell is killed, and tidies up', async () => {
    await using _change = await changeRole(project, overlay);
    const running = await RunningBuild.start(project.directory, ['overlay']);
    const isTask = event(overlay, 'task-start');
    await running.reached({ what: 'a role runs', at: isTask, within: 500 }, random);
    // The mark that leftovers are found by is on the cell too, not on onib alone.
    expect((await processesOf(running.state)).length).toBeGreaterThan(1);
    const { pid } = running.process;
    const children = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
    process.kill(Number(children.trim().split(' ')[0]), 'SIGKILL');
    expect((await running.process.result).exitCode).toBe(1);
    expect(running.lines.at(-1)).toMatchObject({ problems: [{ code: 'CELL_DIED' }] });
    await expectNothingLeft(running);
  });
});

describe('onib build after all of that', () => {
  it('has a release that is whole, builds what is left, and then nothing', async () => {
    const { id } = await build(['all']);
    const state = await before();
    await run([...onib, '-C', project.directory, 'verify'], { env: state.environment });
    const image = path.join(project.store, 'current', 'base.trixie.squashfs');
    const { stdout } = await run(['unsquashfs', '-cat', image, 'etc/motd']);
    expect(stdout).toBe('tiny');
    const small = path.join(project.store, 'current', 'small.overlay.cpio.gz');
    const listed = await run(['sh', '-c', 'zcat "$0" | cpio --list --quiet', small]);
    expect(listed.stdout).toContain('etc/issue');
    expect((await build(['all'])).id).toBe(id);
  });
});
