/** Builds a release once more, beside the store, and compares what comes out byte by byte. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { displayName } from '../../core/byte-string.js';
import { diffContents } from '../../archive/contents/diff.js';
import { archiveFormat, withContents } from '../../archive/contents/with-contents.js';
import { EXIT, OnibError, OnibErrors } from '../../core/errors.js';
import { removeTree } from '../../host/trees.js';
import { makePlan } from '../../plan/make-plan.js';
import type { PlanStep } from '../../plan/plan.js';
import type { Config } from '../../project/config.js';
import { gatherFacts } from '../../facts/gather.js';
import { findArtifact, hasArtifact } from '../../contract/artifact-key.js';
import type { Artifact, ReleaseManifest } from '../../contract/release-manifest.js';
import { Store } from '../../store/store.js';
import { buildSteps, type BuildOptions } from '../engine/build.js';
import { lockBookOf } from '../record/lock-events.js';

export interface Rebuilt {
  readonly artifact: Artifact;
  readonly problem?: OnibError;
}

/** Differing paths that an error names; `onib diff` shows all. */
const MOST_PATHS = 30;

/**
 * Builds each artifact of the store's current release again, into a store of its own that is gone
 * afterwards. Nothing is copied from the release, and nothing of it changes.
 *
 * @param release the current one
 * @returns each artifact; with `NOT_REPRODUCIBLE` when other bytes came out
 * @throws {OnibErrors} `REBUILD_OUT_OF_DATE` when the project is not what the release was built from
 */
export async function rebuildRelease(
  config: Config,
  release: ReleaseManifest,
  options: BuildOptions,
): Promise<Rebuilt[]> {
  const changed = makePlan(config, await gatherFacts(config, release), {}).steps;
  const outOfDate = changed.filter((step) => isIn(release, step));
  if (outOfDate.length > 0) throw new OnibErrors(outOfDate.map(changedSince));

  const directory = await mkdtemp(path.join(tmpdir(), 'onib-rebuild-'));
  try {
    const store = new Store(path.join(directory, 'store'));
    await mkdir(store.directory);
    await using _lock = await store.lock('onib verify --rebuild');
    const settings = { ...config.settings, artifactPath: store.directory };
    const facts = await gatherFacts(config);
    const whole = makePlan({ ...config, settings }, facts, { force: true });
    const plan = { ...whole, steps: whole.steps.filter((step) => isIn(release, step)) };
    const built = await buildSteps(plan, [], lockBookOf(plan, facts.lock), store, options);
    return await compareWith(release, new Store(config.settings.artifactPath), built, store);
  } finally {
    await removeTree(directory);
  }
}

/** Whether the step makes something that the release has. */
function isIn({ artifacts }: ReleaseManifest, step: PlanStep): boolean {
  return step.products.some((key) => hasArtifact(artifacts, key));
}

function changedSince({ title, reasons }: PlanStep): OnibError {
  return new OnibError(
    'REBUILD_OUT_OF_DATE',
    `Cannot build "${title}" again as it was: ${reasons.join('; ')}`,
    { hint: 'onib build all, then onib verify --rebuild', exitCode: EXIT.usage },
  );
}

async function compareWith(
  release: ReleaseManifest,
  store: Store,
  built: readonly Artifact[],
  other: Store,
): Promise<Rebuilt[]> {
  const rebuilt: Rebuilt[] = [];
  for (const artifact of release.artifacts) {
    const again = findArtifact(built, artifact);
    if (again?.digest === artifact.digest) rebuilt.push({ artifact });
    else {
      const details =
        again === undefined
          ? ['nothing in the project makes it any more']
          : await differences(store.objectPath(artifact.digest), other.objectPath(again.digest));
      rebuilt.push({ artifact, problem: notReproducible(artifact, details) });
    }
  }
  return rebuilt;
}

/** `etc/motd: content, time`. */
async function differences(before: string, after: string): Promise<string[]> {
  if ((await archiveFormat(before)) === undefined || (await archiveFormat(after)) === undefined) {
    return [];
  }
  const changes = await withContents(before, (a) => withContents(after, (b) => diffContents(a, b)));
  return changes.map((change) => {
    const how = change.change === 'changed' ? change.differs.join(', ') : change.change;
    return `/${displayName(change.path)}: ${how}`;
  });
}

function notReproducible({ fileName }: Artifact, paths: readonly string[]): OnibError {
  const more = paths.length - MOST_PATHS;
  const what =
    paths.length === 0
      ? 'the files in it are the same, its bytes are not'
      : paths.length === 1
        ? 'one path differs'
        : `${String(paths.length)} paths differ`;
  return new OnibError('NOT_REPRODUCIBLE', `Cannot build "${fileName}" again bit by bit: ${what}`, {
    details: [...paths.slice(0, MOST_PATHS), ...(more > 0 ? [`… and ${String(more)} more`] : [])],
    hint: 'look for what writes dates, random data or downloads into these paths',
  });
}
