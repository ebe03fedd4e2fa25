/** What goes into an image with its provisioners. */
import type { ImageConfig, Provisioner } from '../../project/config.js';
import { mayNameAny } from '../../project/vault/vaulted.js';
import type { Facts, RoleFacts } from '../facts.js';
import type { Inputs } from './inputs.js';
import { toolInputs } from './tools.js';
import { usedVariables, variableInputs, wordsIn } from './variables.js';

/** How a provisioner stands among the inputs. */
export function provisionerName({ role }: Provisioner): string {
  return role;
}

/** What a provisioner is made of. Its kind counts here and in its name; all else asks for these alone. */
function contentsOf({ directory }: Provisioner, { roles }: Facts): RoleFacts | undefined {
  return roles[directory];
}

/** A provisioner's files, and the variables that they name. */
export function provisionerInputs(image: ImageConfig, one: Provisioner, facts: Facts): Inputs {
  const used = usedVariables(image.variables, namedWords(one, facts));
  return {
    ...facts.shared.files,
    ...contentsOf(one, facts)?.files,
    ...variableInputs(used, image.variables),
    ...toolInputs(['onib', 'ansible-core'], facts),
  };
}

/** Sets of names that a provisioner can use; undefined: any. */
function namedWords(one: Provisioner, facts: Facts): readonly ReadonlySet<string>[] | undefined {
  const words = [contentsOf(one, facts)?.words, facts.shared.words];
  return words.every((set) => set !== undefined) ? words : undefined;
}

/** Whether a provisioner can use what Ansible finds out about its host; that takes it a second. */
export function usesHostFacts(image: ImageConfig, one: Provisioner, facts: Facts): boolean {
  const words = namedWords(one, facts);
  if (words === undefined) return true;
  const values = usedVariables(image.variables, words).map((name) => image.variables[name]);
  if (values.some(mayNameAny)) return true;
  const named = [...words.flatMap((set) => [...set]), ...wordsIn(values)];
  return named.some((word) => word.startsWith('ansible_'));
}

/** Files that are payload for every provisioner that has them. */
export function payloadOf({ provisioners }: ImageConfig, facts: Facts): ReadonlySet<string> {
  const own = provisioners.flatMap((one) => contentsOf(one, facts) ?? []);
  const names = own.flatMap(({ payload }) => [...payload]);
  return new Set(
    names.filter((name) =>
      own.every(({ files, payload }) => payload.has(name) || !(name in files)),
    ),
  );
}
