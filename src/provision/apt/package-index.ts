/**
 * Debian's package indexes and dpkg's status: deb822 paragraphs, read straight from their bytes.
 * A suite's index has 70,000 paragraphs, of which an image needs a few hundred.
 * https://www.debian.org/doc/debian-policy/ch-controlfields.html
 */

/** Calls `visit` with each paragraph, without its empty line. */
function eachParagraph(bytes: Buffer, visit: (paragraph: Buffer) => void): void {
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf('\n\n', from);
    const to = end === -1 ? bytes.length : end + 1;
    if (to > from + 1) visit(bytes.subarray(from, to));
    from = to + 1;
  }
}

/** A field's value on its first line. */
export function fieldOf(paragraph: string, name: string): string | undefined {
  const start = paragraph.startsWith(`${name}: `) ? 0 : paragraph.indexOf(`\n${name}: `) + 1;
  if (start === 0 && !paragraph.startsWith(`${name}: `)) return undefined;
  const end = paragraph.indexOf('\n', start);
  return paragraph.slice(start + name.length + 2, end === -1 ? undefined : end);
}

/** Paragraphs of an index whose package is among `names`. */
export function paragraphsOf(index: Buffer, names: ReadonlySet<string>): string[] {
  const found: string[] = [];
  eachParagraph(index, (paragraph) => {
    // Archives write `Package` first; anything else is read in full.
    const first = paragraph.subarray(0, paragraph.indexOf('\n')).toString('latin1');
    const name = first.startsWith('Package: ')
      ? first.slice('Package: '.length)
      : fieldOf(paragraph.toString('utf8'), 'Package');
    if (name !== undefined && names.has(name)) found.push(paragraph.toString('utf8'));
  });
  return found;
}

/** What dpkg says of an installed package. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** Which package a paragraph is about. */
export function packageOf(paragraph: string): InstalledPackage {
  const field = (name: string): string => fieldOf(paragraph, name) ?? '';
  return {
    name: field('Package'),
    version: field('Version'),
    architecture: field('Architecture'),
  };
}

/** Paragraphs of dpkg's status file whose packages are installed. */
export function installedParagraphs(status: Buffer): string[] {
  const found: string[] = [];
  eachParagraph(status, (bytes) => {
    const paragraph = bytes.toString('utf8');
    if (fieldOf(paragraph, 'Status')?.endsWith(' installed') === true) found.push(paragraph);
  });
  return found;
}

/** Installed packages of dpkg's status file, sorted by name and architecture. */
export function installedPackages(status: Buffer): InstalledPackage[] {
  const found = installedParagraphs(status).map(packageOf);
  return found.sort((a, b) => (packageKey(a) < packageKey(b) ? -1 : 1));
}

/** Identity of one version of a package. */
export function packageKey({ name, version, architecture }: InstalledPackage): string {
  return `${name} ${architecture} ${version}`;
}

/** The name that apt gives a package's file: an epoch's colon is escaped. */
export function debName({ name, version, architecture }: InstalledPackage): string {
  return `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`;
}

/** The package that a file of this name holds. */
export function packageOfDeb(file: string): InstalledPackage {
  const [name = '', version = '', architecture = ''] = file.replace(/\.deb$/, '').split('_');
  return { name, version: version.replaceAll('%3a', ':'), architecture };
}
