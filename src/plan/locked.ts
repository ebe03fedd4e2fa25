/** The packages that `onib.lock` names for a step, and how far a build may rely on them. */
import type { Digest } from '../core/digest.js';
import type { ImageLock } from '../lock/model.js';
import type { Settings } from '../project/keys/setting-keys.js';
import type { Context } from './context.js';
import type { Inputs } from './inputs/inputs.js';
import { packageInputs, requestDigest, withPackages } from './inputs/package-inputs.js';
import type { StepLock } from './plan.js';

interface Unlocked {
  readonly lockName: string;
  readonly settings: Settings;
  readonly inputs: Inputs;
  readonly asked: Digest;
  /** Overlays: their base's name in the lock. */
  readonly baseName?: string;
}

interface Locked {
  readonly lockName: string;
  /** With the packages that the lock names. */
  readonly inputs: Inputs;
  readonly asked: Digest;
  readonly lock?: StepLock;
  readonly fresh: boolean;
}

export function withLock(
  { lockName, settings, inputs, asked, baseName }: Unlocked,
  { facts, force }: Pick<Context, 'facts' | 'force'>,
): Locked {
  const entry = entryFor(facts.lock[lockName], settings);
  const renewed = (facts.newer?.[lockName] ?? []).length > 0;
  const fresh = force || renewed;
  if (entry === undefined || renewed) return { lockName, inputs, asked, fresh };
  const { packages } = entry;
  const below = baseName === undefined ? [] : (facts.lock[baseName]?.packages ?? []);
  return {
    ...{ lockName, asked, fresh },
    inputs: withPackages(inputs, packageInputs(packages, settings.architecture)),
    lock: { packages, complete: entry.request === requestDigest(asked, below) },
  };
}

/** A lock's entry, where it is of the suite and the architecture that are wanted now. */
function entryFor(
  entry: ImageLock | undefined,
  { suite, architecture }: Settings,
): ImageLock | undefined {
  const fits =
    (entry?.suite ?? suite) === suite && (entry?.architecture ?? architecture) === architecture;
  return fits ? entry : undefined;
}
