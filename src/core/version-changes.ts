/** Versions of Debian packages, and how two lists of them differ. */

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
