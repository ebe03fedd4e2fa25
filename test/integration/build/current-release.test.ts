/** Which release is current after a build, a rollback, and both at the same time. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBootServer } from '../../../boot-server/index.js';
import type { ReleaseManifest } from '../../../src/contract/release-manifest.js';
import type { RunResult } from '../../../src/host/run.js';
import { Store } from '../../../src/store/store.js';
import { before, type Before } from '../../support/leftovers.js';
import { runOnib } from '../../support/onib-command.js';
import { event, RunningBuild } from '../../support/running-build.js';
import { changeRole, STEPS, tinyImages } from '../../support/tiny-images.js';
import type { TinyProject } from '../../support/tiny-project.js';

let project: TinyProject;
let store: Store;
let state: Before;

beforeAll(async () => {
  project = await tinyImages({ kernel: true });
  store = new Store(project.store);
  state = await before();
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function onib(...words: readonly string[]): Promise<RunResult> {
  return await runOnib(project.directory, words, { env: state.environment });
}

async function done(...words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await onib(...words);
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

async function json(...words: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await done(...words, '--json')) as Record<string, unknown>;
}

async function current(): Promise<ReleaseManifest> {
  const release = await store.current();
  if (release === undefined) throw new Error('there is no release');
  return release;
}

/** What a node's screen shows, or its boot script. */
async function script(): Promise<string> {
  const server = await startBootServer({
    ...{ store: project.store, interface: 'lo', dhcp: { mode: 'off' }, tftp: false },
    ...{ httpPort: 0, onEvent: () => undefined },
  });
  try {
    return await (await fetch(`${server.url}/v1/boot?mac=52:54:00:12:34:56`)).text();
  } finally {
    await server.close();
  }
}

const BASE_ROLE = 'roles/basefs/provision_tiny/tasks/main.yml';
const MISSING = 'kernel set "cloud" is not built';
const OTHER_BASE = 'overlay "small" was made over an earlier build of base image "tiny"';

describe('onib build', () => {
  it('says why the default profile cannot be booted, and so does all that reads the release', async () => {
    const { stdout } = await onib('build', 'base');
    expect(stdout).toContain(`profile "small" cannot be booted yet: ${MISSING}`);
    const release = await current();
    expect(release).toMatchObject({
      schema: 'onib.release/2',
      profiles: [],
      defaultProfileMissing: { profile: 'small', reason: MISSING },
    });
    expect(release).not.toHaveProperty('defaultProfile');
    expect(await done('status')).toContain(
      `no default profile: "small" cannot be booted: ${MISSING}`,
    );
    expect(await script()).toContain(`cannot boot its default "small": ${MISSING}`);
  });

  it('makes a release current that can boot more', async () => {
    await done('build', 'all');
    const { defaultProfile, profiles, incomplete } = await current();
    expect(defaultProfile).toBe('small');
    expect(profiles.map(({ name }) => name).sort()).toEqual(['small', 'tiny']);
    expect(profiles.every((profile) => !('nodes' in profile))).toBe(true);
    expect(incomplete).toEqual([]);
    expect(await script()).toContain('onib.manifest=');
  });

  it('keeps overlays over a base that came out the same', async () => {
    const { profiles } = await current();
    await changeRole(project, STEPS.base);
    await done('build', 'base');
    expect((await current()).profiles).toEqual(profiles);
  });

  it('keeps a release by which a profile would be lost, and does not make it current', async () => {
    const { id } = await current();
    await project.change(BASE_ROLE, 'content: tiny', 'content: changed');
    const { exitCode, stderr } = await onib('build', 'base', '--quiet');
    expect(exitCode).toBe(1);
    const [held = ''] = (await store.releaseIds()).slice(-1);
    expect(stderr).toContain(
      `error[PROFILES_LOST]: Cannot make release "${held}" current: nodes would lose "small", which release ${id} boots\n`,
    );
    expect(stderr).toContain(`  small: ${OTHER_BASE}\n`);
    expect(stderr).toContain(`onib activate ${held}`);
    expect((await current()).id).toBe(id);
    expect(await done('releases')).toMatch(new RegExp(`^${held} .* never current`, 'm'));
    const releases = await store.releaseIds();
    expect((await onib('build', 'base')).exitCode).toBe(1);
    expect(await store.releaseIds()).toEqual(releases);
    expect(await script()).toContain('onib.manifest=');
  });

  it('makes the whole of it current, and goes back past what was never current', async () => {
    const { id: first } = await current();
    await done('build', 'all');
    const { id: second } = await current();
    expect(second).not.toBe(first);
    expect(await json('rollback')).toMatchObject({ release: first, before: second, lost: [] });
  });

  it('says that somebody went back, and what it replaces', async () => {
    const { id: first } = await current();
    const { rolledBack } = await json('status');
    const { from, since } = rolledBack as { from: string; since: string };
    expect(Date.now() - Date.parse(since)).toBeGreaterThan(0);
    const words = `rolled back from ${from} since ${since.slice(0, 10)}`;
    expect(await done('status')).toContain(words);
    expect(await done('status')).not.toContain('everything is up to date');
    expect(await done('plan')).toContain(words);
    expect(await json('plan')).toMatchObject({ rolledBack });
    // As the plan says: the current base gives way to that of the release from which somebody went back.
    const why = await done('why', 'tiny');
    expect(why).toContain(words);
    expect(why).toContain(`base.trixie.squashfs of ${first}`);
    expect(why).toContain(
      `a build would take one in its place that was built before:\n  ${BASE_ROLE} changed: line`,
    );
    expect(await json('why', 'tiny')).toMatchObject({ next: 'taken', rolledBack });
    const { stderr, stdout } = await onib('build', 'all');
    expect(stderr).toContain(words);
    expect(stderr).toContain(`this build replaces release ${first}`);
    expect(stdout).toContain(`release ${from} is current`);
    expect((await current()).id).toBe(from);
    expect(await json('status')).toMatchObject({ rolledBack: null });
  });

  it('makes a release and leaves the current one, when asked to', async () => {
    const { id } = await current();
    await changeRole(project, STEPS.overlay);
    const told = await done('build', 'overlay', '--no-activate');
    const [made = ''] = (await store.releaseIds()).slice(-1);
    expect(told).toContain(`release ${made} is not current: onib activate ${made}`);
    expect((await current()).id).toBe(id);
    expect(await done('activate', made)).toBe(`release ${made} is current\n`);
    expect((await current()).id).toBe(made);
  });

  it('does not undo a rollback of meanwhile', async () => {
    const { id } = await current();
    await changeRole(project, STEPS.overlay);
    const build = await RunningBuild.start(project.directory, ['overlay']);
    await build.reached(
      { what: 'the overlay', at: event(STEPS.overlay, 'step-start'), within: 0 },
      () => 0,
    );
    const back = (await json('rollback')).release;
    await done('pin');
    await build.process.result;
    const last = build.lines.at(-1);
    expect(last).toMatchObject({ schema: 'onib.error/1', exitCode: 1 });
    expect(last?.problems).toMatchObject([{ code: 'SWITCHED_MEANWHILE' }]);
    expect((await current()).id).toBe(back);
    expect(back).not.toBe(id);
    expect((await store.releaseIds()).length).toBe(
      (await readdir(path.join(project.store, 'releases'))).length,
    );
  });

  it('makes a release of a changed boot-profiles.yml, as plan and status say', async () => {
    await done('build', 'all');
    const { id, artifacts } = await current();
    await project.write('boot-profiles.yml', 'profiles: { rescue: { overlays: [] } }\n');
    const line =
      'boot profiles changed ("rescue" is new): onib build all makes a new release of the same artifacts\n';
    expect(await done('plan')).toBe(line);
    expect(await done('status')).toContain(`\n${line}`);
    const profileChanges = [{ profile: 'rescue', change: 'added' }];
    expect(await json('plan')).toMatchObject({ steps: [], profileChanges });
    expect(await json('status')).toMatchObject({ outOfDate: [], profileChanges });
    const told = await done('build', 'all');
    expect(told).not.toContain('nothing to build');
    expect((await current()).id).not.toBe(id);
    expect((await current()).artifacts).toEqual(artifacts);
    expect(await done('plan')).toBe('nothing to build: up to date\n');
    const assigned = 'profiles: { rescue: { overlays: [], nodes: [52:54:00:12:34:56] } }\n';
    await project.write('boot-profiles.yml', assigned);
    expect(await json('status')).toMatchObject({ profileChanges: [] });
    await project.remove('boot-profiles.yml');
    expect(await done('plan')).toContain('("rescue" is gone)');
  });

  it('counts a profile that was taken out of the project as no loss', async () => {
    await done('build', 'all');
    await project.remove('vars/small.yml');
    await done('build', 'all');
    expect((await current()).profiles.map(({ name }) => name)).toEqual(['tiny']);
  });
});

describe('onib rollback', () => {
  it('refuses to go back to a release that lacks a profile; onib activate warns, and does', async () => {
    const { id } = await current();
    const [oldest = ''] = await store.releaseIds();
    const { exitCode, stderr } = await onib('rollback', oldest);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`error[PROFILES_LOST]: Cannot make release "${oldest}" current`);
    expect((await current()).id).toBe(id);
    const activated = await onib('activate', oldest);
    expect(activated.exitCode).toBe(0);
    expect(activated.stderr).toContain(
      `warning: release ${oldest}: nodes would lose "tiny", which release ${id} boots\n  tiny: ${MISSING}\n`,
    );
    expect((await current()).id).toBe(oldest);
  });
});
