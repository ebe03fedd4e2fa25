/** What the first script of the far end says, read: what is there. */
import path from 'node:path';
import { hexOf } from '../../core/digest.js';
import { OnibError } from '../../core/errors.js';
import { parseReleaseManifest } from '../../contract/read-release-manifest.js';
import type { Artifact, ReleaseManifest } from '../../contract/release-manifest.js';
import { parseRolledBack, type RolledBack } from '../rolled-back.js';
import type { Answer, FarEnd } from './far-end.js';
import { explainAnswer, noRoom, otherObject } from './refusals.js';

export interface Survey {
  /** What `current` links to: `releases/<id>`; empty: nothing. */
  readonly current: string;
  /** Of the current release; or why it cannot be read. Undefined: there is no such release. */
  readonly manifest?: ReleaseManifest | OnibError;
  readonly rolledBack?: RolledBack;
  /** When each was made; undefined where its manifest does not say. */
  readonly releases: readonly { readonly id: string; readonly created?: string }[];
  /** 64 hex digits of the objects that are there whole. */
  readonly objects: ReadonlySet<string>;
}

/** @throws {OnibError} why it cannot be pushed to */
export function readSurvey(
  far: FarEnd,
  { lines, stderr }: Answer,
  wanted: readonly Artifact[],
): Survey {
  const values = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [free] = values('free');
  if (free === undefined) {
    if (lines.length === 0) throw far.explain(stderr);
    throw explainAnswer(far, lines);
  }
  const pairs = (word: string): (readonly [string, string])[] =>
    values(word).map((value) => {
      const [first = '', second = ''] = value.split(' ');
      return [first, second];
    });
  const objects = objectsThere(far, wanted, pairs, Number(free) * 1024);
  const [current = ''] = values('current');
  const id = path.basename(current);
  const [manifest] = values('manifest').map((text) => readManifest(decode(text), id));
  const [rolledBack] = values('rolled-back').map((text) => parseRolledBack(decode(text), id));
  return {
    current,
    objects,
    releases: pairs('release').map(([name, created]) => ({
      id: name,
      ...(created === '' ? {} : { created }),
    })),
    ...(manifest === undefined ? {} : { manifest }),
    ...(rolledBack === undefined ? {} : { rolledBack }),
  };
}

/** @param free bytes @returns hex digits of those that are there @throws {OnibError} `FAR_DIFFERS`, `FAR_FULL` */
function objectsThere(
  far: FarEnd,
  wanted: readonly Artifact[],
  pairs: (word: string) => readonly (readonly [string, string])[],
  free: number,
): ReadonlySet<string> {
  const sizes = (word: string): Map<string, number> =>
    new Map(pairs(word).map(([hex, size]) => [hex, Number(size)]));
  const [there, partly] = [sizes('has'), sizes('part')];
  for (const { digest, size, fileName } of wanted) {
    const found = there.get(hexOf(digest));
    if (found !== undefined && found !== size) throw otherObject(far, hexOf(digest), fileName);
  }
  const missing = wanted.filter(({ digest }) => !there.has(hexOf(digest)));
  const needed = missing.reduce((sum, { digest, size }) => {
    return sum + Math.max(size - (partly.get(hexOf(digest)) ?? 0), 0);
  }, 0);
  if (needed > free) throw noRoom(far, needed, free);
  return new Set(there.keys());
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

function readManifest(text: string, id: string): ReleaseManifest | OnibError {
  try {
    return parseReleaseManifest(text, 'manifest.json', id);
  } catch (error) {
    if (error instanceof OnibError) return error;
    throw error;
  }
}
