/** Compares JSON with a documented example: the same fields, of the same types. */

export interface Example {
  readonly schema: string;
  readonly [key: string]: unknown;
}

/** JSON objects in a document's `json` blocks: one per block, or one per line. */
export function examplesIn(markdown: string): Example[] {
  return [...markdown.matchAll(/^```json\n(.*?)^```$/gms)].flatMap(([, block = '']) => {
    const lines = block.trim().split('\n');
    const isOnePerLine = lines.length > 1 && lines.every((line) => line.startsWith('{ "schema"'));
    return (isOnePerLine ? lines : [block]).map((text) => JSON.parse(text) as Example);
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Fields that may be absent, or null, as docs/json.md says. */
const OPTIONAL = new Set([
  ...['where', 'hint', 'fix', 'line', 'column', 'defaultProfile', 'release', 'rolledBack'],
  ...['served', 'problem', 'before', 'outOfDate'],
]);

/** Null for boot loaders, for what is no overlay, or where a base is yet to be built. */
const NULL_IN_PLANS = new Set(
  ['name', 'file', 'base', 'base.digest', 'lock'].map((field) => `.steps[].${field}`),
);

/** What differs, as paths; empty when the shapes are the same. `inputs` is a map: it has names of its own. */
export function differencesOfShape(example: unknown, actual: unknown, at = ''): string[] {
  if (Array.isArray(example) && Array.isArray(actual)) {
    const [first] = example as unknown[];
    if (first === undefined) return [];
    return actual.flatMap((entry) => differencesOfShape(first, entry, `${at}[]`));
  }
  if (isObject(example) && isObject(actual)) {
    if (at.endsWith('.inputs')) return [];
    const names = new Set([...Object.keys(example), ...Object.keys(actual)]);
    return [...names].flatMap((name) => {
      const here = `${at}.${name}`;
      if (!(name in example)) return [`${here} is not documented`];
      if (!(name in actual)) return OPTIONAL.has(name) ? [] : [`${here} is missing`];
      return differencesOfShape(example[name], actual[name], here);
    });
  }
  const name = at.slice(at.lastIndexOf('.') + 1);
  if (actual === null && (OPTIONAL.has(name) || NULL_IN_PLANS.has(at))) return [];
  return typeOf(example) === typeOf(actual)
    ? []
    : [`${at} is ${typeOf(actual)}, documented ${typeOf(example)}`];
}
