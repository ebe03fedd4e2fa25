/**
 * The mirror's package lists, kept between builds so that an update fetches only what changed. One
 * tar file per set of sources: it appears whole, however many builds use it.
 */
import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../host/run.js';
import { markUsed } from '../../host/used-files.js';
import { copyWholeFile } from '../../host/whole-file.js';
import type { AptSources } from '../../plan/sources.js';
import { LOCKED_IN_TREE } from './locked-repository.js';

/** What lies in apt's directory of lists beside the mirror's: apt's own, and the locked packages' index. */
const NOT_LISTS = [
  ...['--exclude=./lock', '--exclude=./partial', '--exclude=./auxfiles'],
  `--exclude=./${LOCKED_IN_TREE.replaceAll('/', '_')}_*`,
];

export class MirrorLists {
  readonly #file: string;

  /** @param cache Absolute path of a directory for all lists. */
  constructor(cache: string, sources: AptSources, suite: string, architecture: string) {
    const key = createHash('sha256')
      .update([suite, architecture, ...sources.lines].join('\n'))
      .digest('hex');
    this.#file = path.join(cache, `${key}.tar`);
  }

  /** Fills apt's directory of lists with those of the last build. False: there are none. */
  async restore(directory: string): Promise<boolean> {
    const known = await stat(this.#file).catch(() => undefined);
    if (known === undefined) return false;
    await markUsed([this.#file]);
    await run(['tar', '-xf', this.#file, '-C', directory]);
    return true;
  }

  /** Keeps what is in apt's directory of lists. */
  async save(directory: string, scratch: string): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true });
    const archive = path.join(scratch, 'lists.tar');
    await run(['tar', '-cf', archive, ...NOT_LISTS, '-C', directory, '.']);
    await copyWholeFile(archive, this.#file, true);
  }
}
