/**
 * Paths of the boot server: what it advertises, in scripts, manifests and DHCP, and what it serves are said here
 * once. Nodes append them to the server's base URL. Pure.
 */

/** `{name}` is one segment. */
const PATHS = {
  /** For people. */
  page: '/',
  health: '/healthz',
  /** iPXE's first script. */
  firstScript: '/boot.ipxe',
  /** A node's own script; asked with `?mac=…`. */
  nodeScript: '/v1/boot',
  bootManifest: '/v1/manifests/{sha256}',
  /** Immutable, by 64 hex digits. */
  object: '/objects/{sha256}',
  /** By the name that people know. */
  releaseFile: '/releases/{release}/{file}',
  nodes: '/v1/nodes',
  node: '/v1/nodes/{mac}',
  /** POST: a stage that a node reached. */
  nodeEvents: '/v1/nodes/{mac}/events',
} as const;

export type PathName = keyof typeof PATHS;

type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** What stands in a path's places. */
export type PathValues<Name extends PathName> = Readonly<
  Record<NamesIn<(typeof PATHS)[Name]>, string>
>;

/** @param values need no escaping: names of releases and their files, digests, MAC addresses */
export function pathOf<Name extends PathName>(name: Name, values: PathValues<Name>): string {
  const given: Readonly<Record<string, string>> = values;
  return PATHS[name].replaceAll(/\{(\w+)\}/g, (_, key: string) => given[key] ?? '');
}

/** URLs that end in `/`, below which objects lie by their digest: the `source` lines of boot manifests. */
export function objectSource(server: string): string {
  return `${server}${pathOf('object', { sha256: '' })}`;
}

/** A path that is served, with the values of its places. */
export type MatchedPath = {
  readonly [Name in PathName]: { readonly name: Name; readonly values: PathValues<Name> };
}[PathName];

/** @param segments decoded, without the first slash: `['v1', 'nodes']`; of `/` one that is empty */
export function matchPath(segments: readonly string[]): MatchedPath | undefined {
  for (const [name, path] of Object.entries(PATHS)) {
    const values = valuesOf(path.slice(1).split('/'), segments);
    if (values !== undefined) return { name, values } as MatchedPath;
  }
  return undefined;
}

const DIGITS = /^[0-9a-f]{64}$/;

function valuesOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    const key = /^\{(\w+)\}$/.exec(part)?.[1];
    if (key === undefined) {
      if (part !== segment) return undefined;
      continue;
    }
    if (key === 'sha256' && !DIGITS.test(segment)) return undefined;
    values[key] = segment;
  }
  return values;
}
