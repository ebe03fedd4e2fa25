/**
 * The time that everything gets which a build makes: that of the newest Debian package in it. It follows
 * from the packages alone, so that builds on other days give the same bytes, and it is not before the
 * time of any package's own files. See docs/decisions/0006-reproducible.md.
 */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { withSquashfs } from '../../archive/squashfs/read/image.js';
import { DATE_INPUT } from '../../plan/inputs/setting-inputs.js';
import type { Inputs } from '../../plan/inputs/inputs.js';

/**
 * For programs that run while there is no package yet. What reads it writes days into /etc/shadow;
 * 0 would mean there that a password has to be changed.
 */
const BOOTSTRAP_DATE = Date.UTC(2025, 0, 1) / 1000;

/** The date of one build: what the user gave, else that of the trees which it has seen. */
export class SourceDate {
  readonly #given: number | undefined;
  #newest = 0;

  constructor(inputs: Inputs) {
    const given = inputs[DATE_INPUT];
    this.#given = given === undefined ? undefined : Number(given);
  }

  /** Seconds since 1970. */
  get seconds(): number {
    return this.#given ?? (this.#newest === 0 ? BOOTSTRAP_DATE : this.#newest);
  }

  /** For programs that write dates into what they make. */
  get environment(): { readonly SOURCE_DATE_EPOCH: string } {
    return { SOURCE_DATE_EPOCH: String(this.seconds) };
  }

  async addTree(tree: string): Promise<void> {
    if (this.#given === undefined) this.#newest = Math.max(this.#newest, await packageDate(tree));
  }

  async addImage(file: string): Promise<void> {
    if (this.#given === undefined) this.#newest = Math.max(this.#newest, await imageDate(file));
  }
}

const INFO = 'var/lib/dpkg/info';

/** dpkg writes this list when it unpacks a package; the other comes with the package, and has its time. */
const WRITTEN = '.list';
const BROUGHT = '.md5sums';
/** Seconds: dpkg makes a missing `.md5sums` itself, right after the list. */
const AT_ONCE = 600;

/**
 * The time of the newest package that was unpacked into `tree`, seconds since 1970; 0 when there is none.
 * Of the changes over a tree: of the packages that these added.
 */
export async function packageDate(tree: string): Promise<number> {
  const info = path.join(tree, INFO);
  const lists = (await namesIn(info)).filter((name) => name.endsWith(BROUGHT));
  const dates = await Promise.all(
    lists.map(async (name) => {
      const brought = await timeOf(path.join(info, name));
      const written = await timeOf(path.join(info, name.slice(0, -BROUGHT.length) + WRITTEN));
      return written - brought > AT_ONCE ? brought : 0;
    }),
  );
  return Math.max(0, ...dates);
}

async function timeOf(file: string): Promise<number> {
  const stats = await lstat(file).catch(unlessMissing);
  return Math.floor((stats?.mtimeMs ?? 0) / 1000);
}

/** The newest time in a squashfs image, which is the date that it was made with. */
async function imageDate(file: string): Promise<number> {
  return await withSquashfs(file, ({ superBlock }) => superBlock.modified);
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(unlessMissing)) ?? [];
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
