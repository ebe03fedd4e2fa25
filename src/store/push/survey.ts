/** What the scripts of the far end say, read: what is there, or why it cannot be pushed to. */
import path from 'node:path';
import { hexOf } from '../../core/digest.js';
import { EXIT, OnibError } from '../../core/errors.js';
import { parseReleaseManifest } from '../../contract/read-release-manifest.js';
import type { Artifact, ReleaseManifest } from '../../contract/release-manifest.js';
import type { FarEnd } from './far-end.js';

export interface Survey {
  /** What `current` links to: `releases/<id>`; empty: nothing. */
  readonly current: string;
  /** Of the current release there; undefined where there is none, or none that this onib can read. */
  readonly manifest?: ReleaseManifest;
  /** 64 hex digits of the objects that are there whole. */
  readonly objects: ReadonlySet<string>;
}

type Answer = Readonly<{ lines: readonly string[]; stderr: string; manifest: string }>;

/** @throws {OnibError} why it cannot be pushed to */
export function readSurvey(
  far: FarEnd,
  { lines, stderr, manifest }: Answer,
  wanted: readonly Artifact[],
): Survey {
  const values = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [free] = values('free');
  if (free === undefined) {
    if (lines.length === 0) throw far.explain(stderr);
    throw explainAnswer(far, lines);
  }
  const sizes = (word: string): Map<string, number> =>
    new Map(values(word).map((value) => [value.split(' ')[0] ?? '', Number(value.split(' ')[1])]));
  const [there, partly] = [sizes('has'), sizes('part')];
  for (const { digest, size, fileName } of wanted) {
    const found = there.get(hexOf(digest));
    if (found !== undefined && found !== size) throw otherObject(far, hexOf(digest), fileName);
  }
  const missing = wanted.filter(({ digest }) => !there.has(hexOf(digest)));
  const needed = missing.reduce((sum, { digest, size }) => {
    return sum + Math.max(size - (partly.get(hexOf(digest)) ?? 0), 0);
  }, 0);
  if (needed > Number(free) * 1024) throw full(far, needed, Number(free) * 1024);
  const current = values('current')[0] ?? '';
  const known = readManifest(manifest, path.basename(current));
  return {
    current,
    objects: new Set(there.keys()),
    ...(known === undefined ? {} : { manifest: known }),
  };
}

/** One that cannot be read boots nothing that could be lost. */
function readManifest(text: string, id: string): ReleaseManifest | undefined {
  try {
    return text === '' ? undefined : parseReleaseManifest(text, 'manifest.json', id);
  } catch (error) {
    if (error instanceof OnibError) return undefined;
    throw error;
  }
}

/** The error for an answer that is no success. */
export function explainAnswer(
  far: FarEnd,
  lines: readonly string[],
  manifest?: ReleaseManifest,
): OnibError {
  const [word = '', ...rest] = (lines.at(-1) ?? '').split(' ');
  const what = `Cannot push to "${far.name}"`;
  switch (word) {
    case 'busy':
      return new OnibError('BUSY', `${what}: held by ${rest.join(' ')}`, {
        exitCode: EXIT.busy,
        hint: 'wait until that has ended, then push again',
      });
    case 'lacks':
      return lacking(far, rest.join(' '));
    case 'foreign':
    case 'current-broken':
      return new OnibError(
        'FAR_NOT_A_STORE',
        `${what}: the directory holds other things than a store`,
        {
          hint: 'name an empty directory, one that is not there yet, or a store',
        },
      );
    case 'readonly':
      return far.explain(`${rest.join(' ')}: Permission denied`);
    case 'bad':
      return badObject(far, rest, manifest);
    case 'differs':
      return new OnibError(
        'FAR_DIFFERS',
        `${what}: it has another release of the name "${manifest?.id ?? ''}"`,
        {
          hint: 'remove that one there, or build a new release and push that',
        },
      );
    case 'moved':
      return new OnibError('FAR_MOVED', `${what}: "current" was switched there meanwhile`, {
        hint: 'push again; the release has arrived, but is not current',
      });
    case 'gone':
      return new OnibError(
        'FAR_DAMAGED',
        `${what}: what had been copied was removed there meanwhile`,
        {
          hint: 'push again',
        },
      );
    default:
      return new OnibError('PUSH_FAILED', `${what}: the far end stopped early`, {
        details: [...lines],
      });
  }
}

function lacking(far: FarEnd, tool: string): OnibError {
  const isHere = far.destination.host === undefined;
  const install = 'apt-get install rsync util-linux coreutils diffutils';
  return new OnibError(
    isHere ? 'COMMAND_MISSING' : 'FAR_LACKS',
    `Cannot push to "${far.name}": ${tool} is not installed ${isHere ? 'here' : 'there'}`,
    { exitCode: EXIT.hostLacks, hint: isHere ? install : `${install}, on that machine` },
  );
}

function badObject(
  far: FarEnd,
  [where = '', hex = '']: readonly string[],
  manifest?: ReleaseManifest,
): OnibError {
  const artifact = manifest?.artifacts.find(({ digest }) => hexOf(digest) === hex);
  if (where === 'objects') return otherObject(far, hex, artifact?.fileName ?? hex);
  const name = artifact?.fileName ?? hex;
  return new OnibError(
    'FAR_DAMAGED',
    `Cannot push to "${far.name}": "${name}" is damaged there each time`,
    {
      hint: 'onib verify tells whether it is whole here; else look at memory and disk of that machine',
    },
  );
}

function otherObject(far: FarEnd, hex: string, fileName: string): OnibError {
  const { host, directory } = far.destination;
  const remove = `rm ${directory}/objects/${hex}`;
  return new OnibError(
    'FAR_DIFFERS',
    `Cannot push to "${far.name}": its object of "${fileName}" has other bytes than its name says`,
    {
      hint: `${host === undefined ? remove : `ssh ${host} ${remove}`}; then push again`,
    },
  );
}

function full(far: FarEnd, needed: number, free: number): OnibError {
  return new OnibError('FAR_FULL', `Cannot push to "${far.name}": its disk has not enough room`, {
    details: [`needed: ${String(needed)} bytes`, `free: ${String(free)} bytes`],
    hint: 'free space there (onib gc --store <dir>), then push again',
  });
}
