/** What is wrong in a file's bytes: the checks of the rows of image-policy.ts that read files. Pure. */

/** `''`: a finding that the rule's own words describe. */
export function unless(harmless: boolean): string | undefined {
  return harmless ? undefined : '';
}

/** Of a line in gshadow(5). */
const GROUP_FIELDS = 4;

/** shadow(5), gshadow(5), passwd(5): the second field. `!` or `*` in front lock an account; a group may have none. */
export function unlockedAccounts(content: Buffer): string | undefined {
  const accounts = content
    .toString('latin1')
    .split('\n')
    .map((line) => line.split(':'));
  const open = accounts.filter((fields) => {
    const [, password] = fields;
    if (password === '') return fields.length !== GROUP_FIELDS;
    return password !== undefined && password !== 'x' && !/^[!*]/.test(password);
  });
  if (open.length === 0) return undefined;
  return `lets ${open.map(([name = '']) => name).join(', ')} in with a password, or without one`;
}

export function nameOf(
  what: string,
  content: Buffer,
  names: readonly string[],
): string | undefined {
  const name = names.find((one) => holdsWord(content, one));
  return name === undefined ? undefined : `${what}: ${name}`;
}

function holdsWord(content: Buffer, word: string): boolean {
  if (!content.includes(word)) return false;
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w.-])${escaped}(?![\\w-])`).test(content.toString('latin1'));
}
