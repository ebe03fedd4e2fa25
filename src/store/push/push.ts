/**
 * Copies a release to the store of another directory or host, then makes it current there.
 *
 * Objects that are missing there come first, into `incoming`; then the release's directory. A last script checks
 * every object by its digest, gives them their names, gives the release its name, and switches `current`, each by
 * one rename. Whatever ends a push, the far store serves what it served before, and the next one goes on.
 */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { hexOf } from '../../core/digest.js';
import { EXIT, OnibError } from '../../core/errors.js';
import type { Artifact, ReleaseManifest } from '../../contract/release-manifest.js';
import { lossInWords, lossLines, lostProfiles } from '../../contract/lost-profiles.js';
import { listReleases, findRelease } from '../releases.js';
import type { Store } from '../store.js';
import { FarEnd } from './far-end.js';
import { installScript, surveyScript } from './far-scripts.js';
import { explainAnswer, readSurvey, type Survey } from './survey.js';
import type { Destination } from './destination.js';

export interface PushOptions {
  readonly destination: Destination;
  /** Command line that reaches a host: `ssh -p 2222`. */
  readonly ssh: string;
  /** A release, or `current`. */
  readonly release: string;
  /** Whether it becomes current there; `unless-lost`: only where it boots all that the one before boots. */
  readonly activate: 'always' | 'never' | 'unless-lost';
  /** Called once, before anything is copied. */
  readonly onCopy: (missing: { objects: number; bytes: number; of: number }) => void;
  readonly signal: AbortSignal;
}

export interface Pushed {
  readonly release: string;
  /** Objects that were not there, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** What was current there before. */
  readonly before?: string;
  readonly current: boolean;
}

/** Damage on the way is mended by copying again; twice is no accident. */
const TRIES = 2;

/**
 * @throws {OnibError} `RELEASE_UNKNOWN` (exit 2), `RELEASE_INCOMPLETE`; `PROFILES_LOST`, with the release there; `FAR_UNREACHABLE`, `FAR_LACKS`, `FAR_FULL`,
 *   `FAR_NOT_WRITABLE`, `FAR_NOT_A_STORE`, `FAR_DAMAGED`, `FAR_DIFFERS`, `PUSH_FAILED`; `BUSY` (exit 4)
 */
export async function pushRelease(store: Store, options: PushOptions): Promise<Pushed> {
  const manifest = await wholeRelease(store, options.release);
  await refuseItself(store, options.destination);
  const far = new FarEnd(options.destination, options.ssh, options.signal);
  const objects = distinctObjects(manifest);
  const first = await survey(far, objects);
  const missing = objects.filter(({ digest }) => !first.objects.has(hexOf(digest)));
  const bytes = missing.reduce((sum, { size }) => sum + size, 0);
  options.onCopy({ objects: missing.length, bytes, of: objects.length });
  const loss = options.activate === 'unless-lost' ? lossThere(far, first, manifest) : undefined;
  const switches = options.activate !== 'never' && loss === undefined;
  let wanted = missing;
  for (let left = TRIES; ; left -= 1) {
    await copy(store, far, manifest.id, wanted);
    const answer = await install(far, manifest, objects, switches ? first.current : undefined);
    if (answer.includes('done')) break;
    const damaged = answer.filter((line) => line.startsWith('bad incoming '));
    if (damaged.length === 0 || left === 1) throw explainAnswer(far, answer, manifest);
    wanted = missing.filter(({ digest }) => damaged.some((line) => line.endsWith(hexOf(digest))));
  }
  if (loss !== undefined) throw loss;
  return {
    release: manifest.id,
    objects: missing.length,
    bytes,
    ...(first.current === '' ? {} : { before: path.basename(first.current) }),
    current: switches || first.current === `releases/${manifest.id}`,
  };
}

async function wholeRelease(store: Store, id: string): Promise<ReleaseManifest> {
  const { manifest, problem } = findRelease(await listReleases(store), id);
  if (manifest !== undefined && problem === undefined) return manifest;
  throw new OnibError('RELEASE_INCOMPLETE', `Cannot push release "${id}": ${problem ?? ''}`, {
    hint: 'onib releases lists those that are whole; onib build all makes a new one',
  });
}

async function refuseItself(store: Store, { host, directory }: Destination): Promise<void> {
  if (host !== undefined) return;
  const there = await realpath(directory).catch(() => undefined);
  if (there === undefined || there !== (await realpath(store.directory))) return;
  throw new OnibError('USAGE', `Cannot push to "${directory}": it is the store that is pushed`, {
    exitCode: EXIT.usage,
    hint: 'name the directory of another store',
  });
}

/** Two names may stand for the same bytes. */
function distinctObjects({ artifacts }: ReleaseManifest): Artifact[] {
  return [...new Map(artifacts.map((artifact) => [artifact.digest, artifact])).values()];
}

/** A release that takes a profile from nodes does not become current by itself, there as little as here. */
function lossThere(
  far: FarEnd,
  { current, manifest }: Survey,
  pushed: ReleaseManifest,
): OnibError | undefined {
  const before = path.basename(current);
  const lost = manifest === undefined ? [] : lostProfiles(manifest, pushed);
  if (lost.length === 0) return undefined;
  const why = lossInWords(lost, before);
  return new OnibError(
    'PROFILES_LOST',
    `Cannot make release "${pushed.id}" current at "${far.name}": ${why}`,
    {
      details: [...lossLines(lost), 'the release has arrived, and is kept there'],
      hint: `onib push ${far.name} --release ${pushed.id} --activate switches nevertheless`,
    },
  );
}

async function survey(far: FarEnd, objects: readonly Artifact[]): Promise<Survey> {
  const hexes = objects.map(({ digest }) => hexOf(digest));
  return readSurvey(far, await far.ask(surveyScript(far.destination.directory, hexes)), objects);
}

async function copy(
  store: Store,
  far: FarEnd,
  id: string,
  objects: readonly Artifact[],
): Promise<void> {
  const names = objects.map(({ digest }) => hexOf(digest));
  try {
    if (names.length > 0) {
      const options = ['--append-verify', '--chmod=F644'];
      await far.copy(path.join(store.directory, 'objects'), 'incoming', options, names);
    }
    const options = ['--recursive', '--links', '--delete', '--chmod=D755,F644'];
    await far.copy(store.releasePath(id), `incoming/${id}`, options);
  } catch (error) {
    // gc here may have taken the release away meanwhile.
    for (const { digest } of objects) {
      await stat(store.objectPath(digest)).catch(async () => await wholeRelease(store, id));
    }
    throw error;
  }
}

async function install(
  far: FarEnd,
  { id }: ReleaseManifest,
  objects: readonly Artifact[],
  switchFrom: string | undefined,
): Promise<string[]> {
  const { lines, stderr } = await far.ask(
    installScript({
      directory: far.destination.directory,
      id,
      objects: objects.map(({ digest }) => hexOf(digest)),
      ...(switchFrom === undefined ? {} : { switchFrom }),
    }),
  );
  if (lines.length === 0) throw far.explain(stderr);
  return lines;
}
