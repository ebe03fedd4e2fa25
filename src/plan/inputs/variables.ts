/** Which variables go into an image, and how they stand among its inputs. */
import { mayNameAny } from '../../project/vault/vaulted.js';
import { settingNames } from '../../project/keys/keys.js';
import { digestOf, type Inputs } from './inputs.js';

/** Keys of a vars file that say how the build runs; what follows from them is recorded as such. */
const NO_VARIABLES = new Set(['provisioner', 'provisioners', 'kind', 'base']);

/**
 * Digests, because a variable may hold a secret and inputs stand in the release manifest. Of one that Ansible Vault
 * encrypts, of its encrypted text.
 */
export function variableInputs(
  names: readonly string[],
  variables: Readonly<Record<string, unknown>>,
): Inputs {
  const present = names.filter(
    (name) => Object.hasOwn(variables, name) && !settingNames.has(name) && !NO_VARIABLES.has(name),
  );
  return Object.fromEntries(present.map((name) => [`var ${name}`, digestOf(variables[name])]));
}

/**
 * Names of variables that files with these words can use, directly or through another variable's
 * value. Ansible's own (`ansible_become`) steer it without being named.
 */
export function usedVariables(
  variables: Readonly<Record<string, unknown>>,
  words: readonly ReadonlySet<string>[] | undefined,
): string[] {
  const names = Object.keys(variables);
  if (words === undefined) return names;
  const used = new Set(
    names.filter((name) => name.startsWith('ansible_') || words.some((set) => set.has(name))),
  );
  for (const name of used) {
    // Nobody but Ansible can read which variables an encrypted template names.
    if (mayNameAny(variables[name])) return names;
    for (const word of wordsIn(variables[name])) {
      if (Object.hasOwn(variables, word)) used.add(word);
    }
  }
  return [...used];
}

export function wordsIn(value: unknown): string[] {
  return JSON.stringify(value).match(/[A-Za-z_]\w*/g) ?? [];
}
