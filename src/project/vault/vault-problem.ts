/** What Ansible says of an encrypted value or file that it cannot read. */
import { EXIT, OnibError, type SourcePlace } from '../../core/errors.js';

/** As the plugins in playbooks/vars_plugins begin: `onib-vault: variable <name>: <Ansible's words>`, or `file <path>`. */
const COMPLAINT = /onib-vault: (?<kind>file|variable) (?<what>[^:\n]+): (?<because>[^\n]*)/;
const NO_PASSWORD = 'Attempting to decrypt but no vault secrets';

/**
 * The error for it, when that is what Ansible complains of.
 *
 * @param placeOf Where a variable is set.
 * @param file Where it is set when that is not known.
 */
export function vaultProblem(
  output: string,
  placeOf: (variable: string) => SourcePlace | undefined,
  file?: string,
): OnibError | undefined {
  const found = COMPLAINT.exec(output)?.groups;
  if (found === undefined) return undefined;
  const { kind, what = '', because = '' } = found;
  const isFile = kind === 'file';
  const where = isFile ? { file: what } : (placeOf(what) ?? unknownPlace(file));
  const which = isFile ? `file "${where.file}"` : `variable "${what}" of "${where.file}"`;
  const missing = because.includes(NO_PASSWORD);
  return new OnibError(
    'VAULT',
    `Cannot decrypt ${which}: ${missing ? 'Ansible has no vault password' : 'the vault password does not fit it, or it is damaged'}`,
    {
      where,
      exitCode: EXIT.usage,
      details: [because],
      hint: missing
        ? 'ANSIBLE_VAULT_PASSWORD_FILE=<file>, or vault_password_file in ansible.cfg'
        : 'the password file that ANSIBLE_VAULT_PASSWORD_FILE or ansible.cfg names has another password',
    },
  );
}

function unknownPlace(file = 'group_vars'): SourcePlace {
  return { file };
}
