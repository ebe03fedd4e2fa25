/**
 * Follows the store: which release is current, and which are there. `current` is looked at again for every
 * new boot, and every second besides; polling, since notifications do not cross NFS.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../../src/core/errors.js';
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';
import type { WarningEvent } from '../events.js';
import { buildCatalogue, emptyCatalogue, type Catalogue } from './catalogue.js';
import { isFileName } from '../../src/contract/forms.js';
import { parseReleaseManifest } from '../../src/contract/read-release-manifest.js';

const POLL_MS = 1000;

export interface StoreWatchOptions {
  readonly store: string;
  readonly onChange: (catalogue: Catalogue, previous: Catalogue) => void;
  readonly onWarning: (event: WarningEvent) => void;
}

export class StoreWatch {
  readonly #options: StoreWatchOptions;
  /** Manifests never change once written: each is read once. */
  readonly #manifests = new Map<string, ReleaseManifest>();
  readonly #reported = new Set<string>();
  #catalogue = emptyCatalogue;
  #state = '';
  #refreshing: Promise<Catalogue> | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  static async start(options: StoreWatchOptions): Promise<StoreWatch> {
    const watch = new StoreWatch(options);
    await watch.refresh();
    watch.#timer = setInterval(() => void watch.refresh(), POLL_MS);
    watch.#timer.unref();
    return watch;
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** The catalogue as the store is now; calls at the same time share one look. Stays as it was when the store cannot be read. */
  refresh(): Promise<Catalogue> {
    this.#refreshing ??= this.#look()
      .catch((error: unknown) => {
        this.#warnOnce(describeFailure(this.#options.store, error));
        return this.#catalogue;
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<Catalogue> {
    const { store } = this.#options;
    const [currentId, ids] = await Promise.all([readCurrentId(store), readReleaseIds(store)]);
    const state = JSON.stringify([currentId, ids]);
    if (state === this.#state) return this.#catalogue;

    const releases = await Promise.all(ids.map((id) => this.#readRelease(id)));
    const known = releases.filter((release) => release !== undefined);
    const previous = this.#catalogue;
    const next = buildCatalogue(this.#settleCurrent(currentId, known), known);
    // A release without its manifest is one that is being written, or removed: look again.
    this.#state = known.length === releases.length ? state : '';
    if (summary(next) === summary(previous)) return previous;
    this.#catalogue = next;
    this.#options.onChange(next, previous);
    return next;
  }

  /** A current release that cannot be read does not take a good one's place. */
  #settleCurrent(id: string | undefined, known: readonly ReleaseManifest[]): string | undefined {
    if (id === undefined || known.some((release) => release.id === id)) return id;
    return this.#catalogue.current?.id;
  }

  async #readRelease(id: string): Promise<ReleaseManifest | undefined> {
    const present = this.#manifests.get(id);
    if (present) return present;
    const file = path.join(this.#options.store, 'releases', id, 'manifest.json');
    try {
      const manifest = parseReleaseManifest(await readFile(file, 'utf8'), file, id);
      this.#manifests.set(id, manifest);
      return manifest;
    } catch (error) {
      if (error instanceof OnibError) this.#warnOnce(error);
      else if (!isAbsent(error)) throw error;
      return undefined;
    }
  }

  #warnOnce({ code, message, hint }: OnibError): void {
    if (this.#reported.has(message)) return;
    this.#reported.add(message);
    this.#options.onWarning({
      type: 'warning',
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function summary(catalogue: Catalogue): string {
  return JSON.stringify([catalogue.current?.id, [...catalogue.releases.keys()]]);
}

function describeFailure(store: string, error: unknown): OnibError {
  const words = error instanceof Error ? error.message : String(error);
  return new OnibError('STORE_UNREADABLE', `Cannot read the store "${store}": ${words}`, {
    hint: 'the user that the server runs as must be able to read it',
    cause: error,
  });
}

/** `current` is a link to `releases/<id>`. */
async function readCurrentId(store: string): Promise<string | undefined> {
  try {
    return path.basename(await readlink(path.join(store, 'current')));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function readReleaseIds(store: string): Promise<string[]> {
  try {
    const names = await readdir(path.join(store, 'releases'));
    return names.filter((name) => isFileName(name)).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
