/**
 * Files as Debian packages ship them, by what dpkg records of their bytes: `info/*.md5sums`, and for files of
 * configuration, which stand in no such list, `Conffiles` of its status file (dpkg-query(1), deb-conffiles(5)).
 */
import type { ArtifactContents } from './entry.js';
import { STATUS_FILE } from './package-list.js';
import { wholeFiles } from './read.js';

const LISTS = /^var\/lib\/dpkg\/info\/[^/]+\.md5sums$/;
const MD5_LENGTH = 32;
/** ` /etc/x 0123…`, with a word behind it where the package has the file no more. */
const CONFFILE = /^ \/.* ([\da-f]{32})(?: [a-z-]+)?$/gm;

/** MD5 digests, in hexadecimal, of all that packages of an artifact ship; none where it holds no database of dpkg. */
export async function shippedDigests(contents: ArtifactContents): Promise<ReadonlySet<string>> {
  const files = await wholeFiles(contents, (name) => name === STATUS_FILE || LISTS.test(name));
  return new Set(
    [...files].flatMap(([name, bytes]) => {
      const text = bytes.toString('latin1');
      return name === STATUS_FILE ? conffileDigests(text) : listedDigests(text);
    }),
  );
}

/** @param text of a list: `0123…  usr/bin/x`, a line for each file */
export function listedDigests(text: string): string[] {
  return text.split('\n').map((line) => line.slice(0, MD5_LENGTH));
}

/** @param text of the status file */
export function conffileDigests(text: string): string[] {
  return [...text.matchAll(CONFFILE)].map(([, digest = '']) => digest);
}
