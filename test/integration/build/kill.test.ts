/**
 * Builds that are killed at any moment: nothing of them is left on this machine or in the store, and the
 * next build works. Moments are events of the build and a random time after them; the seed is printed.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start, type RunningCommand } from '../../../src/host/run.js';
import { compiledPath } from '../../../src/package.js';
import type { ReleaseManifest } from '../../../src/store/manifest.js';
import { Store } from '../../../src/store/store.js';
import {
  before,
  contentOfStore,
  flawsOfStore,
  nothingLeft,
  processesOf,
  type Before,
} from '../../support/leftovers.js';
import { seededRandom } from '../../support/random.js';
import { TinyProject } from '../../support/tiny-project.js';

const onib = [process.execPath, compiledPath('src/cli/main.js')];
const random = seededRandom();
/** A release that a killed build was about to write; the next build takes it away before all else. */
const UNFINISHED_RELEASE = /(?:^|\/)\.new-/;

let project: TinyProject;

beforeAll(async () => {
  project = await TinyProject.create();
  await project.write('vars/small.yml', 'provisioner: roles/overlay/provision_small\n');
  await project.write(
    'roles/overlay/provision_small/tasks/main.yml',
    '- name: say more\n  ansible.builtin.copy: { dest: /etc/issue, content: small }\n',
  );
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

interface Event {
  readonly schema: string;
  readonly type?: string;
  readonly step?: string;
  readonly stage?: string;
  readonly [field: string]: unknown;
}

class RunningBuild {
  readonly events: Event[] = [];
  readonly state: Before;
  readonly process: RunningCommand;
  #told: () => void = () => undefined;

  private constructor(state: Before, words: readonly string[]) {
    this.state = state;
    this.process = start([...onib, '-C', project.directory, 'build', ...words, '--json'], {
      check: false,
      env: state.environment,
      onLine: (line, stream) => {
        if (stream !== 'stdout') return;
        this.events.push(JSON.parse(line) as Event);
        this.#told();
      },
    });
  }

  static async start(words: readonly string[]): Promise<RunningBuild> {
    return new RunningBuild(await before(), words);
  }

  /** Resolves as soon as the event comes: the last ones are milliseconds apart. */
  async reached({ at, within }: Moment): Promise<void> {
    if (at !== undefined) {
      await new Promise<void>((resolve, reject) => {
        this.#told = () => {
          if (this.events.some((event) => at(event))) resolve();
        };
        this.#told();
        void this.process.result.then(() => reject(new Error(this.lastWords())), reject);
      });
    }
    await delay(random() * within);
  }

  lastWords(): string {
    const words = this.events.slice(-5).map(({ schema, type, step, stage: of, problems }) => ({
      ...{ schema, type, step, stage: of, problems },
    }));
    return `the build ended: ${JSON.stringify(words)}`;
  }

  /** To onib itself, and to nobody else; which may have ended just now. */
  kill(signal: NodeJS.Signals): void {
    try {
      process.kill(this.process.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** When to kill: so many milliseconds, at most, after the first such event. */
interface Moment {
  readonly what: string;
  readonly at?: (event: Event) => boolean;
  readonly within: number;
}

const stage =
  (step: string, begin: string) =>
  (event: Event): boolean =>
    event.step === step && event.type === 'stage' && event.stage?.startsWith(begin) === true;

const BASE = 'base tiny';
const OVERLAY = 'overlay small';
const LOADERS = 'boot loaders';

const BASE_MOMENTS: readonly Moment[] = [
  { what: 'while it reads the project', within: 500 },
  { what: 'while the tree is made', at: stage(BASE, 'bootstrap'), within: 2000 },
  { what: 'later, while the tree is made', at: stage(BASE, 'bootstrap'), within: 7000 },
  { what: 'while the tree is mounted', at: stage(BASE, 'update package lists'), within: 600 },
  { what: 'while the base is packed', at: stage(BASE, 'pack '), within: 1000 },
];

const OVERLAY_MOMENTS: readonly Moment[] = [
  { what: 'while the base is mounted', at: stage(OVERLAY, 'update package lists'), within: 600 },
  { what: 'while a role runs', at: ({ type }) => type === 'task-start', within: 900 },
  { what: 'while the overlay is packed', at: stage(OVERLAY, 'pack '), within: 50 },
  { what: 'while loaders are unpacked', at: stage(LOADERS, 'unpack '), within: 2000 },
  {
    what: 'while the release is written',
    at: ({ type, step }) => type === 'step-end' && step === LOADERS,
    within: 20,
  },
];

async function expectNothingLeft(build: RunningBuild): Promise<void> {
  await nothingLeft(build.state, project.directory);
  const flaws = await flawsOfStore(project.store);
  expect(flaws.filter((flaw) => !UNFINISHED_RELEASE.test(flaw))).toEqual([]);
}

/** Whether the build may have put something into the store, by what it told until it was killed. */
function mayHaveStored({ events }: RunningBuild): boolean {
  return events.some(({ step, stage: of }) => step === LOADERS || of?.startsWith('pack ') === true);
}

async function killedAt(moment: Moment, words: readonly string[]): Promise<void> {
  const content = await contentOfStore(project.store);
  const build = await RunningBuild.start(words);
  await build.reached(moment);
  build.kill('SIGKILL');
  const { exitCode } = await build.process.result;
  await expectNothingLeft(build);
  // In its last milliseconds it may have ended before the signal came.
  if (!build.events.some(({ type }) => type === 'release')) expect(exitCode).toBe(128 + 9);
  // A cell that had gone on without its parent would have stored its artifact in the end.
  if (!mayHaveStored(build)) expect(await contentOfStore(project.store)).toEqual(content);
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

describe('onib build, killed by SIGKILL', () => {
  it.each(BASE_MOMENTS)('$what leaves nothing', async (moment) => {
    await killedAt(moment, ['all']);
  });

  it('builds the base when it is left alone', async () => {
    const { artifacts } = await build(['base']);
    expect(artifacts.map(({ kind }) => kind)).toContain('base');
  });

  it.each(OVERLAY_MOMENTS)('$what leaves nothing', async (moment) => {
    // Overlay and loaders: the base is in the release by now.
    await killedAt(moment, ['all']);
  });
});

describe('onib build, ended in order', () => {
  const isTask = ({ type }: Event): boolean => type === 'task-start';
  const moments: readonly (Moment & { signal: NodeJS.Signals; words: readonly string[] })[] = [
    {
      ...{ signal: 'SIGINT', what: 'while the tree is made', words: ['base'] },
      ...{ at: stage(BASE, 'bootstrap'), within: 4000 },
    },
    {
      ...{ signal: 'SIGTERM', what: 'while a role runs', words: ['overlay'] },
      ...{ at: isTask, within: 900 },
    },
    {
      ...{ signal: 'SIGINT', what: 'while Ansible starts', words: ['overlay'] },
      ...{ at: stage(OVERLAY, 'provision'), within: 300 },
    },
  ];

  it.each(moments)('by $signal $what tidies up and says so', async (moment) => {
    const { signal, words } = moment;
    const content = await contentOfStore(project.store);
    const running = await RunningBuild.start([...words, '--force']);
    await running.reached(moment);
    // The mark that leftovers are found by is on the cell too, not on onib alone.
    expect((await processesOf(running.state)).length).toBeGreaterThan(1);
    running.kill(signal);
    expect((await running.process.result).exitCode).toBe(130);
    expect(running.events.at(-1)).toMatchObject({
      schema: 'onib.error/1',
      exitCode: 130,
      problems: [{ code: 'INTERRUPTED', cleanUp: false }],
    });
    await expectNothingLeft(running);
    expect(await contentOfStore(project.store)).toEqual(content);
  });

  it('says so when its cell is killed, and tidies up', async () => {
    const running = await RunningBuild.start(['overlay', '--force']);
    await running.reached({
      what: 'a role runs',
      at: isTask,
      within: 500,
    });
    const { pid } = running.process;
    const children = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
    const [cell] = children.trim().split(' ');
    process.kill(Number(cell), 'SIGKILL');
    expect((await running.process.result).exitCode).toBe(1);
    expect(running.events.at(-1)).toMatchObject({ problems: [{ code: 'CELL_DIED' }] });
    await expectNothingLeft(running);
  });
});

describe('onib build after all of that', () => {
  it('builds everything, whole, and then nothing', async () => {
    const { artifacts, id } = await build(['all', '--force']);
    const kinds = artifacts.map(({ kind }) => kind);
    expect([...new Set(kinds)].sort()).toEqual(['base', 'loader', 'overlay']);
    const image = path.join(project.store, 'current', 'base.trixie.squashfs');
    const { stdout } = await run(['unsquashfs', '-cat', image, 'etc/motd']);
    expect(stdout).toBe('tiny');
    const overlay = path.join(project.store, 'current', 'small.overlay.cpio.gz');
    const listed = await run(['sh', '-c', 'zcat "$0" | cpio --list --quiet', overlay]);
    expect(listed.stdout).toContain('etc/issue');
    expect((await build(['all'])).id).toBe(id);
  });
});
