/** Packages among the inputs of an image: `package <name>` with version and digest. Pure. */
import type { LockedPackage } from '../../lock/model.js';
import type { Digest } from '../../core/digest.js';
import { isNoChoiceOfPackages } from './setting-inputs.js';
import { inputDigest, type Inputs } from './inputs.js';

const PREFIX = 'package ';

/** Inputs that decide how an image is packed or run, not which packages it asks for. */
const NOT_ASKED_FOR = /^(?:tool |package |base$)/;

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
    ([name]) => !NOT_ASKED_FOR.test(name) && !isNoChoiceOfPackages(name) && !payload.has(name),
  );
  return inputDigest(Object.fromEntries(asked));
}

/** Identity of a request: what decides on packages, and those of the base, which need not be asked for. */
export function requestDigest(asked: Digest, basePackages: readonly LockedPackage[] = []): Digest {
  const below = [...new Set(basePackages.map(({ name }) => name))].sort().join(' ');
  return inputDigest({ asked, below });
}
