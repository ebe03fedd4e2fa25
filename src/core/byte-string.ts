/**
 * File names are bytes, not text. They are kept as strings with one character (U+0000 to U+00FF) per
 * byte: such strings compare, slice and match byte by byte, need a quarter of a Buffer's memory, and
 * any byte survives. Node calls the encoding `latin1`.
 */

/** One character per byte. Never print it: see {@link displayName}. */
export type ByteString = string;

/** The bytes of text as UTF-8. */
export function byteString(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The bytes themselves: what the file system calls take as a path. */
export function bytesOf(name: ByteString): Buffer {
  return Buffer.from(name, 'latin1');
}

/** For people: UTF-8 where it is, `\ooo` for bytes that are not, and for control characters. */
export function displayName(name: ByteString): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  const readable = byteString(text) === name ? text : name.replace(/[\x80-\xff]/g, octalEscape);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return readable.replace(/[\x00-\x1f\x7f]/g, octalEscape);
}

/** `\ooo`, as getfattr, ls and the mount table write a byte. */
export function octalEscape(byte: string): string {
  return `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

/** Undoes {@link octalEscape} wherever it stands. */
export function undoOctalEscapes(text: string): ByteString {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Order of bytes; the order of names in a squashfs directory and in our archives. */
export function compareBytes(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `directory/name`; the tree's root is the empty string. */
export function joinPath(directory: ByteString, name: ByteString): ByteString {
  return directory === '' ? name : `${directory}/${name}`;
}
