/**
 * The boot manifests of all releases, by digest. They are not stored: each follows from a release, a profile and
 * the sources that nodes are sent to, and comes out the same whoever asks, also after a restart of the server. Each
 * is rendered once for as long as its release is in the store.
 */
import { renderBootManifest, type BootManifest } from '../../src/contract/boot-manifest.js';
import { bootsOf } from '../../src/contract/boot.js';
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';
import type { Catalogue } from './catalogue.js';

export interface KnownManifest extends BootManifest {
  readonly release: string;
}

type ReleaseIndex = ReadonlyMap<string, BootManifest>;

/** What was rendered for one list of sources. */
interface SourceIndex {
  /** The catalogue that `bySha256` was made of. */
  catalogue: Catalogue | undefined;
  readonly byRelease: Map<string, ReleaseIndex>;
  readonly bySha256: Map<string, KnownManifest>;
}

export class BootManifests {
  readonly #render: typeof renderBootManifest;
  readonly #bySources = new Map<string, SourceIndex>();

  constructor(render: typeof renderBootManifest = renderBootManifest) {
    this.#render = render;
  }

  /** @param sources URLs that end in `/`, best first; clients choose among few */
  find(
    sha256: string,
    catalogue: Catalogue,
    sources: readonly string[],
  ): KnownManifest | undefined {
    return this.#indexFor(catalogue, sources).bySha256.get(sha256);
  }

  /** @returns undefined when the release is gone or cannot boot the profile */
  of(
    release: string,
    profile: string,
    catalogue: Catalogue,
    sources: readonly string[],
  ): BootManifest | undefined {
    return this.#indexFor(catalogue, sources).byRelease.get(release)?.get(profile);
  }

  #indexFor(catalogue: Catalogue, sources: readonly string[]): SourceIndex {
    const key = sources.join(' ');
    const present = this.#bySources.get(key);
    const index = present ?? {
      catalogue: undefined,
      byRelease: new Map<string, ReleaseIndex>(),
      bySha256: new Map<string, KnownManifest>(),
    };
    if (present === undefined) this.#bySources.set(key, index);
    if (index.catalogue !== catalogue) this.#follow(index, catalogue, sources);
    return index;
  }

  /** Renders what is new in the catalogue, and forgets what is gone. */
  #follow(index: SourceIndex, catalogue: Catalogue, sources: readonly string[]): void {
    for (const id of [...index.byRelease.keys()].filter(
      (known) => !catalogue.releases.has(known),
    )) {
      for (const { sha256 } of index.byRelease.get(id)?.values() ?? []) {
        index.bySha256.delete(sha256);
      }
      index.byRelease.delete(id);
    }
    for (const [id, release] of catalogue.releases) {
      if (index.byRelease.has(id)) continue;
      const manifests = this.#renderAll(release, sources);
      index.byRelease.set(id, manifests);
      for (const manifest of manifests.values()) {
        index.bySha256.set(manifest.sha256, { ...manifest, release: id });
      }
    }
    index.catalogue = catalogue;
  }

  #renderAll(release: ReleaseManifest, sources: readonly string[]): ReleaseIndex {
    return new Map(
      bootsOf(release).map((boot) => [boot.profile.name, this.#render(boot, sources)]),
    );
  }
}
