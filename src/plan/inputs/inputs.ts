/**
 * What goes into an artifact, by name, and the identity made of it. Names begin with a word that
 * `reasons.ts` knows how to speak of: `role <file>`, `var <name>`, `setting <name>`, `tool <name>`.
 */
import { createHash } from 'node:crypto';
import type { Digest } from '../../core/digest.js';

/** The base's own digest is not among them: it is added, as `base`, when the base is known. */
export type Inputs = Readonly<Record<string, string>>;

/** Identity of a set of inputs: sha256 over `[name, value]` pairs sorted by name, as JSON. */
export function inputDigest(inputs: Inputs): Digest {
  return digestOf(sortedEntries(inputs));
}

/** sha256 of a value as JSON, in which the order of keys does not matter. */
export function digestOf(value: unknown): Digest {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}

/** JSON with the keys of every map sorted, so that their order in a file does not matter. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(sortedEntries(inner as Record<string, unknown>))
      : inner,
  );
}

function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1));
}
