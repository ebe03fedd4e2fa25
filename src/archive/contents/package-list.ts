/** Debian packages with what dpkg knows of them, from its status file, dpkg(1) and deb-control(5). */
import type { PackageInfo } from '../../contract/release-manifest.js';
import type { ArtifactContents } from './entry.js';
import { wholeFiles } from './read.js';

export const STATUS_FILE = 'var/lib/dpkg/status';

/** Installed packages by name; empty where an artifact has no database of its own. */
export async function packageList(contents: ArtifactContents): Promise<readonly PackageInfo[]> {
  const files = await wholeFiles(contents, (path) => path === STATUS_FILE);
  return parsePackages(files.get(STATUS_FILE)?.toString('utf8') ?? '');
}

/** Paragraphs of a status file; packages that are not installed are left out. */
export function parsePackages(text: string): PackageInfo[] {
  return text
    .split(/\n\n+/)
    .filter((paragraph) => /^Status: .* installed$/m.test(paragraph))
    .flatMap(parseControl)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** One package's paragraph, of a status file or of the package itself; nothing where it names none. */
export function parseControl(paragraph: string): PackageInfo[] {
  const field = (name: string): string =>
    new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? '';
  const name = field('Package');
  if (name === '') return [];
  // `Source: glibc (2.41-12)` where its version is another one.
  const source = field('Source').replace(/ .*$/, '');
  return [
    {
      name,
      version: field('Version'),
      architecture: field('Architecture'),
      source: source === '' ? name : source,
      installedSize: Number(field('Installed-Size')) * 1024,
    },
  ];
}

function keyOf({ name, architecture }: PackageInfo): string {
  return `${name} ${architecture}`;
}

/** Packages that are not below, or not in this version. */
export function addedPackages(
  packages: readonly PackageInfo[],
  below: readonly PackageInfo[],
): PackageInfo[] {
  const known = new Set(below.map((one) => `${keyOf(one)} ${one.version}`));
  return packages.filter((one) => !known.has(`${keyOf(one)} ${one.version}`));
}
