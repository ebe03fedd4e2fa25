/** The commands that mend a host, each once, and all packages in one apt-get run. */

const INSTALL = 'apt-get install --yes --no-install-recommends ';

/** Kernel modules of a virtual network. */
export const LOAD_NETWORK_MODULES = 'modprobe -a tun bridge';

/** Shell command that installs Debian packages; `--reinstall` before them brings back lost files. */
export function installCommand(...packages: readonly string[]): string {
  return INSTALL + packages.join(' ');
}

/** The same for the hint of an error, `apt-get install <packages>`; undefined for other hints. */
export function installHinted(hint: string | undefined): string | undefined {
  const words = /^apt-get install (.+)$/.exec(hint ?? '')?.[1];
  return words === undefined ? undefined : installCommand(words);
}

/** Package lists are refreshed first, since a fresh machine has none. */
export function mergeFixes(fixes: readonly string[]): string[] {
  const unique = [...new Set(fixes)];
  const words = unique
    .filter((fix) => fix.startsWith(INSTALL))
    .flatMap((fix) => fix.slice(INSTALL.length).split(' '));
  const others = unique.filter((fix) => !fix.startsWith(INSTALL) && fix !== 'apt-get update');
  const packages = [...new Set(words)].sort(optionsFirst);
  const update = packages.length > 0 || unique.includes('apt-get update') ? ['apt-get update'] : [];
  const install = packages.length > 0 ? [installCommand(...packages)] : [];
  return [...update, ...install, ...others];
}

function optionsFirst(one: string, other: string): number {
  return Number(other.startsWith('-')) - Number(one.startsWith('-'));
}
