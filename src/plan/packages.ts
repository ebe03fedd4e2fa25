/** Packages among the inputs of an image: `package <name>` with version and digest. Pure. */
import type { LockedPackage } from '../lock/model.js';
import type { Digest } from '../core/digest.js';
import { inputDigest } from './inputs.js';
import type { Inputs } from './plan.js';

const PREFIX = 'package ';

/** Inputs that decide how an image is packed or run, not which packages it asks for. */
const NOT_ASKED_FOR =
  /^(?:tool |setting (?:compression|SOURCE_DATE_EPOCH|hygiene_allow)$|package |base$)/;

/** One input per package; foreign architectures are part of the name, as dpkg writes them. */
export function packageInputs(packages: readonly LockedPackage[], architecture: string): Inputs {
  return Object.fromEntries(
    packages.map((one) => {
      const native = one.architecture === architecture || one.architecture === 'all';
      const name = native ? one.name : `${one.name}:${one.architecture}`;
      return [PREFIX + name, [one.version, one.digest].filter(Boolean).join(' ')];
    }),
  );
}

/** The inputs with exactly these packages. */
export function withPackages(inputs: Inputs, packages: Inputs): Inputs {
  return { ...withoutPackages(inputs), ...packages };
}

export function withoutPackages(inputs: Inputs): Inputs {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !name.startsWith(PREFIX)));
}

/**
 * Identity of what decides which packages are asked for: roles, variables, suite.
 *
 * @param payload Inputs of role files that say nothing about packages.
 */
export function askedDigest(inputs: Inputs, payload: ReadonlySet<string>): Digest {
  const asked = Object.entries(inputs).filter(
    ([name]) => !NOT_ASKED_FOR.test(name) && !payload.has(name),
  );
  return inputDigest(Object.fromEntries(asked));
}

/** Identity of a request: what decides on packages, and those of the base, which need not be asked for. */
export function requestDigest(asked: Digest, basePackages: readonly LockedPackage[] = []): Digest {
  const below = [...new Set(basePackages.map(({ name }) => name))].sort().join(' ');
  return inputDigest({ asked, below });
}

/** A package that came, went or has another version. */
export interface VersionChange {
  readonly package: string;
  readonly before?: string;
  readonly after?: string;
}

/** Versions by name; of a package that is there for two architectures, one counts. */
export function versionsOf(
  packages: readonly { readonly name: string; readonly version: string }[],
): ReadonlyMap<string, string> {
  return new Map(packages.map(({ name, version }) => [name, version]));
}

/** Packages that came, went or have another version, by name. */
export function versionChanges(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): VersionChange[] {
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return names
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => {
      const [before, after] = [a.get(name), b.get(name)];
      return {
        package: name,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      };
    });
}

/** `ethtool 1:6.1-1 → 1:6.1-2`. */
export function changeInWords({ package: name, before, after }: VersionChange): string {
  return `${name} ${before ?? 'none'} → ${after ?? 'none'}`;
}
