/**
 * What may stand in an iPXE script. iPXE has no quoting: it expands `${…}` anywhere, splits commands at white
 * space, `||` and `&&`, and lines at newlines. Values are therefore checked at the template's border. Pure.
 */
import { OnibError } from '../../src/core/errors.js';
import { findArgumentProblem } from '../../src/contract/kernel-arguments.js';

/** One word of a command: a URL, a name. @throws OnibError IPXE_UNSAFE */
export function word(value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value) || findArgumentProblem(value) !== undefined)
    throw unsafe(value);
  return value;
}

/** Several words of a command. @throws OnibError IPXE_UNSAFE */
export function line(value: string): string {
  if (findArgumentProblem(value) !== undefined) throw unsafe(value);
  return value;
}

/** Words on the screen; what would act on the script is made harmless. */
export function text(value: string): string {
  return value
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .replaceAll('${', '$ {')
    .replaceAll('||', '| |')
    .replaceAll('&&', '& &');
}

function unsafe(value: string): OnibError {
  return new OnibError(
    'IPXE_UNSAFE',
    `Cannot put ${JSON.stringify(value)} into an iPXE script: it would act on the script`,
  );
}
