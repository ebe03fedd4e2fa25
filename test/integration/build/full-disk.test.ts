/**
 * Disks that become full at any stage of any recipe: the error tells needed and free bytes, and what was in
 * the store stays as it was. A filesystem becomes full by being made as small as it is filled.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/run.js';
import { contentOfStore, flawsOfStore, nothingLeft } from '../../support/leftovers.js';
import { onib, runOnib } from '../../support/onib-command.js';
import { event, RunningBuild, stage, type Moment } from '../../support/running-build.js';
import { changeRole, STEPS, tinyImages, wordsFor } from '../../support/tiny-images.js';
import type { TinyProject } from '../../support/tiny-project.js';

const { base, overlay, kernel, loaders } = STEPS;
const atOnce = (): number => 0;

let project: TinyProject;

beforeAll(async () => {
  project = await tinyImages({ kernel: true });
  // More than any disk that is filled here has room for.
  await project.append(
    'roles/overlay/provision_small/tasks/main.yml',
    '- name: much that cannot be packed smaller\n' +
      '  ansible.builtin.command: dd if=/dev/urandom of=/usr/lib/much bs=1M count=24\n',
  );
  await run([...onib, '-C', project.directory, 'build', 'all', '--quiet']);
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

/** Makes a tmpfs, as a process sees it, as small as it is filled. */
async function fill(pid: number, directory: string): Promise<void> {
  // What is written meanwhile makes it too small: try again.
  const script =
    'for n in $(seq 100); do used=$(df --output=used --block-size=1 "$0" | tail -n 1); ' +
    'mount -o remount,size=$used "$0" 2>/dev/null && exit; done; exit 1';
  await run([
    'nsenter',
    '--target',
    String(pid),
    '--mount',
    '--pid',
    'sh',
    '-euc',
    script,
    directory,
  ]);
}

interface Full {
  readonly step: string;
  readonly at: Moment['at'];
  readonly what: string;
  readonly words?: readonly string[];
  /** The stage takes milliseconds, and what comes after it may have been written already. */
  readonly mayFit?: boolean;
}

const during = (step: string, begin: string, words?: readonly string[]): Full => ({
  ...{ step, at: stage(step, begin), what: `"${begin}" of ${step}` },
  ...(words === undefined ? {} : { words }),
});

const EVERY_STAGE: readonly Full[] = [
  during(base, 'bootstrap', ['base', '--force']),
  during(base, 'update package lists'),
  during(base, 'run '),
  during(base, 'pack '),
  during(overlay, 'update package lists'),
  during(overlay, 'run '),
  during(overlay, 'compare'),
  during(overlay, 'pack '),
  during(kernel, 'bootstrap', ['initrd', '--force']),
  during(kernel, 'update package lists'),
  during(kernel, 'run '),
  during(kernel, 'make the initrd'),
  { ...during(kernel, 'choose modules'), mayFit: true },
  during(kernel, 'pack '),
  during(loaders, 'unpack '),
];

/** Neither texts of roles, which come first, nor figures. */
async function content(): Promise<string[]> {
  const kept = (line: string): boolean =>
    !line.startsWith('f inputs/') && !/^f (?:sizes|unreleased)\.json/.test(line);
  return (await contentOfStore(project.store)).filter(kept);
}

function expectDiskFull(build: RunningBuild, where: string): void {
  const last = build.lines.at(-1) as unknown as {
    exitCode: number;
    problems: { code: string; details: string[]; hint?: string }[];
  };
  expect(last).toMatchObject({ schema: 'onib.error/1', exitCode: 1 });
  const [problem] = last.problems;
  expect(JSON.stringify(problem)).toContain('"code":"DISK_FULL"');
  expect(problem?.hint).toBeDefined();
  const details = problem?.details.join('\n') ?? '';
  expect(details).toMatch(new RegExp(`^needed ${where}: (?:more than its )?\\d+ bytes$`, 'm'));
  expect(details).toMatch(new RegExp(`^free ${where}: \\d+ bytes$`, 'm'));
  expect(details).toMatch(/^log: \//m);
}

describe('onib build, when the memory for trees is full', () => {
  it.each(EVERY_STAGE)('in $what says so and loses nothing', async (full) => {
    const { step, at, words, mayFit = false } = full;
    const stored = await content();
    await using _change = await changeRole(project, step);
    const build = await RunningBuild.start(project.directory, words ?? wordsFor(step));
    await using _end = { [Symbol.asyncDispose]: async () => build.process.stop() };
    await build.reached({ what: '', ...(at === undefined ? {} : { at }), within: 0 }, atOnce);
    await fill(await build.cell(), path.join(project.store, 'cell'));
    const { exitCode } = await build.process.result;
    if (exitCode === 0 && mayFit) return;
    expect(exitCode).toBe(1);
    expectDiskFull(build, 'for trees');
    await nothingLeft(build.state, project.directory);
    expect(await flawsOfStore(project.store)).toEqual([]);
    // A part of a kernel set, stored before another part failed, is in no release and gc's.
    const now = await content();
    expect(stored.filter((line) => !now.includes(line))).toEqual([]);
    expect(now.filter((line) => !stored.includes(line) && !line.startsWith('f objects/'))).toEqual(
      [],
    );
  });
});

describe('onib build, when the store is full', () => {
  const LAST_STAGES: readonly Full[] = [
    during(base, 'pack '),
    during(overlay, 'pack '),
    during(kernel, 'make the initrd'),
    during(loaders, 'unpack '),
    { step: overlay, what: 'the logs of an overlay', at: ({ type }) => type === 'build-start' },
    { step: overlay, what: 'a task of an overlay', at: event(overlay, 'task-start') },
  ];
  let copy: string;

  beforeAll(async () => {
    copy = await mkdtemp(path.join(tmpdir(), 'onib-full-'));
    await run(['cp', '-a', `${project.store}/.`, copy]);
  });

  afterAll(async () => {
    await rm(copy, { recursive: true });
  });

  it.each(LAST_STAGES)('in $what says so and loses nothing', async (full) => {
    const script =
      'mount -t tmpfs -o size=900m tmpfs "$0"; cp -a "$1"/. "$0"; shift; "$@"; code=$?; ' +
      'find "$0" \\( -name logs -o -name inputs -o -name "*.json" \\) -prune -o ! -name lock ! -type d -printf "has %y %P %l %s\\n"; exit $code';
    const wrapper = ['unshare', '--mount', 'sh', '-c', script, project.store, copy];
    const { stdout } = await run([
      ...[
        'find',
        project.store,
        '(',
        '-name',
        'logs',
        '-o',
        '-name',
        'inputs',
        '-o',
        '-name',
        '*.json',
        ')',
      ],
      ...['-prune', '-o', '!', '-name', 'lock', '!', '-type', 'd', '-printf', 'has %y %P %l %s\\n'],
    ]);
    await using _change = await changeRole(project, full.step);
    const words = full.words ?? wordsFor(full.step);
    const build = await RunningBuild.start(project.directory, words, wrapper);
    await using _end = { [Symbol.asyncDispose]: async () => build.process.stop() };
    await build.reached(
      { what: '', ...(full.at === undefined ? {} : { at: full.at }), within: 0 },
      atOnce,
    );
    await fill(build.process.pid, project.store);
    expect((await build.process.result).exitCode).toBe(1);
    const last = build.lines.at(-1);
    expect(last).toMatchObject({ problems: [{ code: 'DISK_FULL' }] });
    expect(JSON.stringify(last)).toMatch(/"needed in the store: [^"]*\d+ bytes"/);
    expect(JSON.stringify(last)).toMatch(/"free in the store: \d+ bytes"/);
    const has = build.others.filter((line) => line.startsWith('has '));
    const before = stdout.trim().split('\n');
    expect(before.filter((line) => !has.includes(line))).toEqual([]);
    await nothingLeft(build.state, project.directory);
  });
});

describe('onib build, when there is less room than the last build took', () => {
  const build = async (wrapper: readonly string[] = []) => {
    await using _change = await changeRole(project, base);
    return await runOnib(project.directory, ['build', 'base', '--quiet'], { wrapper });
  };

  it('of memory, begins nothing and tells needed and available bytes', async () => {
    const settings = await project.read('group_vars/on_imagebuild');
    await project.change(
      'group_vars/on_imagebuild',
      'build_root_size: 80%',
      'build_root_size: 60M',
    );
    const stored = await contentOfStore(project.store);
    const { exitCode, stderr } = await build();
    await project.write('group_vars/on_imagebuild', settings);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /error\[MEMORY_LOW\]: Cannot build "base tiny": its trees need \d+ bytes of memory, and 62914560 are available/,
    );
    expect(stderr).toContain('hint: raise build_root_size');
    expect(await contentOfStore(project.store)).toEqual(stored);
  });

  it('of disk, begins nothing and tells needed and available bytes', async () => {
    const sizes = path.join(project.store, 'sizes.json');
    const script = 'mount -t tmpfs -o size=1m tmpfs "$0"; cp "$1" "$0"/sizes.json; shift; "$@"';
    const copy = path.join(project.directory, 'sizes.json');
    await run(['cp', sizes, copy]);
    const { exitCode, stderr } = await build([
      ...['unshare', '--mount', 'sh', '-euc', script, project.store, copy],
    ]);
    await rm(copy);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /error\[DISK_LOW\]: Cannot build "base tiny": its artifacts need \d+ bytes in the store ".*", and \d+ are available/,
    );
  });
});

describe('onib build, when the cache of packages is full', () => {
  it('says so', async () => {
    // What is in the cache is fetched again, into one that is too small for it.
    const script = 'mount -t tmpfs -o size=3m tmpfs /var/cache/onib; exec "$@"';
    const wrapper = ['unshare', '--mount', 'sh', '-euc', script, 'sh'];
    const build = await RunningBuild.start(project.directory, ['base', '--force'], wrapper);
    expect((await build.process.result).exitCode).toBe(1);
    expectDiskFull(build, 'in the cache of packages');
    await nothingLeft(build.state, project.directory);
  });
});
