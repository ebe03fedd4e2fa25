/** Builds of two projects at the same time, with the cache that both share. */
import { run } from '../../../src/host/run.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../../src/store/store.js';
import { flawsOfStore, nothingLeft } from '../../support/leftovers.js';
import { onib } from '../../support/onib-command.js';
import { RunningBuild } from '../../support/running-build.js';
import { tinyImages } from '../../support/tiny-images.js';
import type { TinyProject } from '../../support/tiny-project.js';

let projects: readonly TinyProject[];

beforeAll(async () => {
  projects = await Promise.all([tinyImages({ kernel: false }), tinyImages({ kernel: false })]);
});

afterAll(async () => {
  for (const project of projects) await project[Symbol.asyncDispose]();
});

describe('onib build of two projects at the same time', () => {
  it('builds both', async () => {
    const builds = await Promise.all(
      projects.map((project) => RunningBuild.start(project.directory, ['all'])),
    );
    const results = await Promise.all(builds.map(({ process: { result } }) => result));
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    // They ran at the same time.
    const [one, other] = builds.map(({ lines }) => ({
      first: Number(lines[0]?.time),
      last: Number(lines.findLast(({ type }) => type === 'release')?.time),
    }));
    expect(one?.first).toBeLessThan(other?.last ?? 0);
    expect(other?.first).toBeLessThan(one?.last ?? 0);
    for (const [index, project] of projects.entries()) {
      const build = builds[index];
      if (build !== undefined) await nothingLeft(build.state, project.directory);
      expect(await flawsOfStore(project.store)).toEqual([]);
      const release = await new Store(project.store).current();
      expect([...new Set(release?.artifacts.map(({ kind }) => kind))].sort()).toEqual([
        ...['base', 'loader', 'overlay'],
      ]);
      await run([...onib, '-C', project.directory, 'verify', '--quiet']);
    }
  });
});
