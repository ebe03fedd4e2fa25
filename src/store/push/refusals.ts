/** Why a push cannot be, from what the scripts of the far end answer. Pure. */
import { hexOf } from '../../core/digest.js';
import { EXIT, OnibError } from '../../core/errors.js';
import type { ReleaseManifest } from '../../contract/release-manifest.js';
import type { FarEnd } from './far-end.js';

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
  const install = 'apt-get install rsync util-linux coreutils';
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

export function otherObject(far: FarEnd, hex: string, fileName: string): OnibError {
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

export function noRoom(far: FarEnd, needed: number, free: number): OnibError {
  return new OnibError('FAR_FULL', `Cannot push to "${far.name}": its disk has not enough room`, {
    details: [`needed: ${String(needed)} bytes`, `free: ${String(free)} bytes`],
    hint: 'free space there (onib gc --store <dir>), then push again',
  });
}
