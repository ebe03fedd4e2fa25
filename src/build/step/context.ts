/** What the steps of one build cell work with. */
import type { HostCache } from '../../host/host-cache.js';
import type { Mounts } from '../../host/mounts.js';
import type { Once } from '../../core/once.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { Store } from '../../store/store.js';
import type { CellEvent } from '../record/events.js';
import type { Hold } from './hold-failed-tree.js';

/** What all steps of a cell share. */
export interface SharedContext {
  /** Absolute path of the project. */
  readonly project: string;
  readonly store: Store;
  /** The build host's name, which the cell itself does not have. */
  readonly hostName: string;
  /** The cell's private tmpfs. */
  readonly cell: string;
  readonly cache: HostCache;
  /** Artifacts of the release that is current. */
  readonly previous: readonly Artifact[];
  readonly signal: AbortSignal;
  readonly emit: (event: CellEvent) => void;
  /** With `--shell-on-error`: keeps a tree in which something failed. */
  readonly hold: Hold | undefined;
  /** Done once per cell by whoever comes first; each gives a path. */
  readonly shared: {
    readonly lists: Once<string>;
    readonly toolboxes: Once<string>;
    readonly bases: Once<string>;
  };
  /** Undone when the cell ends: base images that overlays share. */
  readonly mounts: Mounts;
}

/** One step's own. */
export interface CellContext extends SharedContext {
  /** The step's directory in the cell's tmpfs. */
  readonly workspace: string;
  /** Package archives as trees see them: the cache below, this step's downloads above. */
  readonly archives: string;
  /** The step's place in the plan, from 1. */
  readonly number: number;
}
