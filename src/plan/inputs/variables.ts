/** Which variables go into an image, and how they stand among its inputs. */
import { mayNameAny } from '../../project/vault/vaulted.js';
import { imageKeys } from '../../project/keys/image-keys.js';
import { namesOf, rowsOf } from '../../project/keys/key.js';
import { settingKeys } from '../../project/keys/setting-keys.js';
import { digestOf, type Inputs } from './inputs.js';

/** Settings stand among the inputs as such, and what follows from other keys that shape nothing by themselves. */
const NO_VARIABLES: ReadonlySet<string> = new Set([
  ...rowsOf(settingKeys).flatMap(([, key]) => namesOf(key)),
  ...rowsOf(imageKeys).flatMap(([, key]) => (key.shapes === 'nothing' ? namesOf(key) : [])),
]);

/**
 * Digests, because a variable may hold a secret and inputs stand in the release manifest. Of one that Ansible Vault
 * encrypts, of its encrypted text.
 */
export function variableInputs(
  names: readonly string[],
  variables: Readonly<Record<string, unknown>>,
): Inputs {
  const present = names.filter((name) => Object.hasOwn(variables, name) && !NO_VARIABLES.has(name));
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
