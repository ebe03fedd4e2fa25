/**
 * Paths of the boot server: what it advertises, in scripts, manifests and DHCP, and what it serves are said here
 * once. Nodes append them to the server's base URL. Pure.
 */

interface Url {
  readonly method: 'GET' | 'POST';
  /** `{name}` is one segment. */
  readonly path: string;
  /** For docs/boot-contract.md. */
  readonly what: string;
}

const URLS = {
  firstScript: {
    method: 'GET',
    path: '/boot.ipxe',
    what: 'first iPXE script: collects what iPXE knows of the machine, and asks for the next one',
  },
  nodeScript: {
    method: 'GET',
    path: '/v1/boot',
    what: "asked with `?mac=…`: the machine's own script, with kernel, initrd and kernel command line; `uuid`, `serial`, `manufacturer`, `product`, `arch` and `buildarch` may come with it",
  },
  bootManifest: {
    method: 'GET',
    path: '/v1/manifests/{sha256}',
    what: 'a boot manifest; never changes',
  },
  object: {
    method: 'GET',
    path: '/objects/{sha256}',
    what: 'an artifact; never changes, so any HTTP cache may keep it; with ETag and Range',
  },
  releaseFile: {
    method: 'GET',
    path: '/releases/{release}/{file}',
    what: 'the same bytes under the name that people know',
  },
  nodeEvents: {
    method: 'POST',
    path: '/v1/nodes/{mac}/events',
    what: 'a node says which stage it has reached: form fields `stage`, `detail`, `uptime` (seconds), `bytes` (fetched so far), `release`, and `code` of a failure',
  },
  nodes: { method: 'GET', path: '/v1/nodes', what: 'all nodes that were seen, as JSON' },
  node: { method: 'GET', path: '/v1/nodes/{mac}', what: 'one node, as JSON' },
  health: { method: 'GET', path: '/healthz', what: 'answers 200 while the server works' },
  page: { method: 'GET', path: '/', what: 'a page for people' },
} as const satisfies Readonly<Record<string, Url>>;

/** All of them, as docs/boot-contract.md lists them. */
export const contractUrls: readonly Url[] = Object.values(URLS);

export type PathName = keyof typeof URLS;

type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** What stands in a path's places. */
export type PathValues<Name extends PathName> = Readonly<
  Record<NamesIn<(typeof URLS)[Name]['path']>, string>
>;

/** HEAD goes with GET. */
export function methodOf(name: PathName): Url['method'] {
  return URLS[name].method;
}

/** @param values need no escaping: names of releases and their files, digests, MAC addresses */
export function pathOf<Name extends PathName>(name: Name, values: PathValues<Name>): string {
  const given: Readonly<Record<string, string>> = values;
  return URLS[name].path.replaceAll(/\{(\w+)\}/g, (_, key: string) => given[key] ?? '');
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
  for (const [name, { path }] of Object.entries(URLS)) {
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
