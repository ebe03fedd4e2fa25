/** The commands that mend a host, each once, and all packages in one apt-get run. */
import { installCommand } from './programs.js';

const INSTALL = installCommand('');

/** Package lists are refreshed first, since a fresh machine has none. */
export function mergeFixes(fixes: readonly string[]): string[] {
  const unique = [...new Set(fixes)];
  const packages = unique
    .filter((fix) => fix.startsWith(INSTALL))
    .flatMap((fix) => fix.slice(INSTALL.length).split(' '));
  const others = unique.filter((fix) => !fix.startsWith(INSTALL) && fix !== 'apt-get update');
  const update = packages.length > 0 || unique.includes('apt-get update') ? ['apt-get update'] : [];
  const install = packages.length > 0 ? [installCommand(...packages)] : [];
  return [...update, ...install, ...others];
}
