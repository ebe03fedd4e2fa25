/** Show a command so that it can be pasted into a shell. */

const SAFE_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word, quoted for sh where it needs to be. */
export function shellWord(word: string): string {
  if (SAFE_WORD.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A whole command line, with the environment that it needs in front: `LC_ALL=C.UTF-8 mount -t tmpfs …`. */
export function shellCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...assignments, ...argv.map(shellWord)].join(' ');
}

/** A command line for people: the password in an address, such as a proxy's, is left out. */
export function withoutPasswords(line: string): string {
  return line.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]+@/gi, '$1…@');
}
