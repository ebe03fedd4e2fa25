/** Settings among the inputs of an image: which they are, the table of keys says. */
import { removesAny } from '../../policy/image-policy.js';
import type { ImageConfig } from '../../project/config.js';
import { rowsOf, type Shapes } from '../../project/keys/key.js';
import { settingKeys } from '../../project/keys/setting-keys.js';
import type { Inputs } from './inputs.js';

const PREFIX = 'setting ';

/** A date that the user gave, which takes the place of the one that the packages give. */
export const DATE_INPUT = `${PREFIX}SOURCE_DATE_EPOCH`;

/** Inputs of settings that count once the tree is made. */
const REST = new Set(
  rowsOf(settingKeys)
    .filter(([, { shapes }]) => shapes === 'rest')
    .map(([, { name }]) => PREFIX + name),
);

/** Whether an input is a setting that no choice of packages depends on. */
export function isNoChoiceOfPackages(input: string): boolean {
  return input === DATE_INPUT || REST.has(input);
}

/** Settings that shape an image of this kind, where they are set. */
export function settingInputs({ kind, settings }: ImageConfig, what: Shapes): Inputs {
  const values = new Map<string, unknown>(Object.entries(settings));
  return Object.fromEntries(
    rowsOf(settingKeys)
      .filter(
        ([field, key]) => key.shapes === what && key.kinds.includes(kind) && values.has(field),
      )
      .map(([field, { name }]) => [PREFIX + name, inWords(values.get(field))]),
  );
}

/** What cleaning leaves in a tree because it is allowed: a snapshot has it, or has it not. */
export function keptInputs({ settings: { hygieneAllow = [] } }: ImageConfig): Inputs {
  const kept = hygieneAllow.filter(({ rule }) => removesAny(rule));
  return kept.length === 0 ? {} : { [PREFIX + settingKeys.hygieneAllow.name]: inWords(kept) };
}

/** `main contrib`; of pairs `log: var/log/x, log: var/log/y`. */
function inWords(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const entries = value as readonly unknown[];
  return entries.every((entry) => typeof entry === 'object' && entry !== null)
    ? entries.map((entry) => Object.values(entry).join(': ')).join(', ')
    : entries.join(' ');
}
