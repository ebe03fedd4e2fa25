/**
 * Follows the store: which release is current, and which are there. `current` is looked at again for every
 * new boot, and every second besides; polling, since notifications do not cross NFS.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../../src/core/errors.js';
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';
import type { WarningEvent } from '../events.js';
import { buildCatalogue, emptyCatalogue, type Catalogue } from './catalogue.js';
import { parseReleaseManifest } from '../../src/contract/read-release-manifest.js';
import { isAbsent, readStore, type StoreState } from './read-store.js';

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
  /** Messages of what is wrong with the store at present: told again when it comes again. */
  #storeProblems: readonly string[] = [];
  #catalogue = emptyCatalogue;
  #state = '';
  #refreshing: Promise<Catalogue> | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  /** @throws {OnibError} STORE_MISSING (exit 2), STORE_UNREADABLE; once started, the like are warnings */
  static async start(options: StoreWatchOptions): Promise<StoreWatch> {
    const watch = new StoreWatch(options);
    await watch.#look();
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
        const { store } = this.#options;
        this.#tellStoreProblems([error instanceof OnibError ? error : unreadable(store, error)]);
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
    const found = await readStore(this.#options.store);
    this.#tellStoreProblems(found.problems);
    return await this.#follow(found);
  }

  async #follow({ currentId, ids }: StoreState): Promise<Catalogue> {
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
      else if (!isAbsent(error)) this.#warnOnce(unreadable(file, error));
      return undefined;
    }
  }

  #tellStoreProblems(problems: readonly OnibError[]): void {
    for (const problem of problems) {
      if (!this.#storeProblems.includes(problem.message)) this.#warn(problem);
    }
    this.#storeProblems = problems.map(({ message }) => message);
  }

  #warnOnce(problem: OnibError): void {
    if (this.#reported.has(problem.message)) return;
    this.#reported.add(problem.message);
    this.#warn(problem);
  }

  #warn({ code, message, hint }: OnibError): void {
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

function unreadable(which: string, error: unknown): OnibError {
  const words = error instanceof Error ? error.message : String(error);
  return new OnibError('STORE_UNREADABLE', `Cannot read "${which}": ${words}`, {
    hint: 'the user that the server runs as must be able to read it',
    cause: error,
  });
}
