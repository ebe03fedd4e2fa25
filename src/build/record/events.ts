/** What a build tells while it runs; reporters in `cli/` turn it into lines, bars or JSON. */
import type { VersionChange } from '../../core/version-changes.js';
import type { RolledBack } from '../../store/rolled-back.js';
import type { LockedPackage } from '../../lock/model.js';
import type { Artifact, IncompleteProfile } from '../../contract/release-manifest.js';

export interface TaskResult {
  /** Ansible's word. */
  readonly status: 'ok' | 'changed' | 'skipped' | 'failed' | 'ignored';
  /** Task name as shown: `install the tools`. */
  readonly task: string;
  readonly role?: string;
  /** File and line of the task. */
  readonly file?: string;
  readonly line?: number;
  readonly seconds: number;
}

export type BuildEvent =
  | {
      readonly type: 'build-start';
      readonly steps: readonly string[];
      readonly logDirectory: string;
    }
  | { readonly type: 'step-start'; readonly step: string; readonly log: string }
  /** A step's current stage in plain words: `bootstrap trixie`, `pack squashfs`. */
  | { readonly type: 'stage'; readonly step: string; readonly stage: string }
  | {
      readonly type: 'task-start';
      readonly step: string;
      readonly task: string;
      readonly role?: string;
    }
  | ({ readonly type: 'task-end'; readonly step: string } & TaskResult)
  /** Only where the total is known; bytes. */
  | {
      readonly type: 'progress';
      readonly step: string;
      readonly done: number;
      readonly total: number;
    }
  /** What onib.lock says of an image from now on; `changes` is empty when it said so before. */
  | {
      readonly type: 'packages';
      readonly step: string;
      readonly total: number;
      readonly changes: readonly VersionChange[];
    }
  /** Something that the user should know and that does not stop the build. */
  | { readonly type: 'warning'; readonly step: string; readonly message: string }
  /** With `--shell-on-error`: the step's tree is held until the shell in it has ended. */
  | {
      readonly type: 'failed';
      readonly step: string;
      /** Absolute path of the tree, inside the cell. */
      readonly root: string;
      readonly message: string;
      readonly details: readonly string[];
    }
  | {
      readonly type: 'step-end';
      readonly step: string;
      readonly seconds: number;
      /** What its trees took in the end; bytes. */
      readonly treeBytes: number;
      readonly artifacts: readonly Artifact[];
    }
  | {
      readonly type: 'release';
      readonly id: string;
      /** Absolute path of the release's directory. */
      readonly directory: string;
      readonly artifacts: readonly Artifact[];
      /** Profiles that cannot be booted yet, with the reason. */
      readonly incomplete: readonly IncompleteProfile[];
      /** Whether it is the current release now. */
      readonly current: boolean;
      /** Profiles that the release before could boot and this one cannot. */
      readonly lost: readonly IncompleteProfile[];
    }
  /** Somebody went back to the release that is current, which this build replaces. */
  | ({ readonly type: 'rolled-back' } & RolledBack);

/** From the cell: what a step's image is made of, before anybody compared it with the lock. */
export interface PackagesRecorded {
  readonly type: 'packages-recorded';
  readonly step: string;
  /** Name in the lock. */
  readonly name: string;
  readonly packages: readonly LockedPackage[];
}

/** What a build cell tells its parent. */
export type CellEvent = Exclude<BuildEvent, { type: 'packages' }> | PackagesRecorded;
