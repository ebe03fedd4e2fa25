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
import { fileDigest } from '../../host/file-digest.js';
import { listReleases, findRelease } from '../releases.js';
import type { RolledBack } from '../rolled-back.js';
import type { Store } from '../store.js';
import { FarEnd } from './far-end.js';
import { installScript, surveyScript } from './far-scripts.js';
import { explainAnswer } from './refusals.js';
import { readSurvey, type Survey } from './survey.js';
import { decideSwitch, type Activate } from './switch-there.js';
import type { Destination } from './destination.js';

export interface PushOptions {
  readonly destination: Destination;
  /** Command line that reaches a host: `ssh -p 2222`. */
  readonly ssh: string;
  /** A release, or `current`. */
  readonly release: string;
  /** Whether it becomes current there. */
  readonly activate: Activate;
  /** Called once, before anything is copied. */
  readonly onCopy: (missing: { objects: number; bytes: number; of: number }) => void;
  /** Called where the push is about to replace a release to which somebody went back there. */
  readonly onRolledBack: (rolledBack: RolledBack) => void;
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

/** What is damaged on the way, or lost, is copied again; twice is no accident. */
const TRIES = 2;

/**
 * @throws {OnibError} with the release there: `PROFILES_LOST`, `FAR_CURRENT_UNREADABLE`, `FAR_MOVED`; else `RELEASE_UNKNOWN`
 *   (exit 2), `RELEASE_INCOMPLETE`, `FAR_UNREACHABLE`, `FAR_LACKS`, `FAR_FULL`, `FAR_NOT_WRITABLE`, `FAR_NOT_A_STORE`,
 *   `FAR_DAMAGED`, `FAR_DIFFERS`, `PUSH_FAILED`, `BUSY` (exit 4)
 */
export async function pushRelease(store: Store, options: PushOptions): Promise<Pushed> {
  const manifest = await wholeRelease(store, options.release);
  await refuseItself(store, options.destination);
  const digest = await fileDigest(path.join(store.releasePath(manifest.id), 'manifest.json'));
  const far = new FarEnd(options.destination, options.ssh, options.signal);
  const objects = distinctObjects(manifest);
  const first = await survey(far, objects);
  const missing = objects.filter(({ digest }) => !first.objects.has(hexOf(digest)));
  const bytes = missing.reduce((sum, { size }) => sum + size, 0);
  options.onCopy({ objects: missing.length, bytes, of: objects.length });
  const decided = decideSwitch(manifest, first, {
    ...{ activate: options.activate, farName: far.name, now: new Date() },
  });
  const { rolledBack } = first;
  const replaces = decided.switching !== undefined && rolledBack?.release !== manifest.id;
  if (replaces && rolledBack !== undefined) options.onRolledBack(rolledBack);
  const script = installScript({
    directory: far.destination.directory,
    id: manifest.id,
    manifest: hexOf(digest),
    objects: objects.map(({ digest }) => hexOf(digest)),
    ...decided,
  });
  const current = await copyAndInstall(store, far, manifest, { missing, objects, script });
  if (decided.problem !== undefined) throw decided.problem;
  return {
    release: manifest.id,
    objects: missing.length,
    bytes,
    ...(first.current === '' ? {} : { before: path.basename(first.current) }),
    current: current === manifest.id,
  };
}

interface Work {
  /** Of `objects`, those that the far end lacks. */
  readonly missing: readonly Artifact[];
  readonly objects: readonly Artifact[];
  readonly script: string;
}

/** @returns id of the release that is current there now; empty: none */
async function copyAndInstall(
  store: Store,
  far: FarEnd,
  manifest: ReleaseManifest,
  { missing, objects, script }: Work,
): Promise<string> {
  let wanted = missing;
  for (let left = TRIES; ; left -= 1) {
    await copy(store, far, manifest.id, wanted);
    const { lines, stderr } = await far.ask(script);
    if (lines.length === 0) throw far.explain(stderr);
    const done = lines.find((line) => line.startsWith('done '));
    if (done !== undefined) return done.slice('done '.length);
    const lost = lines.filter((line) => /^(?:bad incoming|gone) /.test(line));
    const fatal = lines.filter((line) => !lost.includes(line));
    if (fatal.length > 0) throw explainAnswer(far, fatal, manifest);
    if (left === 1) throw explainAnswer(far, lost, manifest);
    // Damaged on the way, or taken away meanwhile by gc of that store.
    wanted = objects.filter(({ digest }) => lost.some((line) => line.endsWith(hexOf(digest))));
  }
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
