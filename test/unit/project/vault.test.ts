import { describe, expect, test } from 'vitest';
import { userPaths } from '../../../src/project/inventory/ansible-environment.js';
import { vaultProblem } from '../../../src/project/vault/vault-problem.js';
import { hasVaulted, mayNameAny, vaultedIn } from '../../../src/project/vault/vaulted.js';
import { inventoryText } from '../../../src/provision/ansible/inventory-text.js';
import { inOneLine, load, problemsOf, TOOLS } from './temp-project.js';

const TEXT = '$ANSIBLE_VAULT;1.1;AES256\n3132\n';
const ofFile = (template: boolean) => ({
  __onib_vaulted: { file: 'group_vars/all/vault.yml', digest: 'ab', template },
});

describe('vaultedIn()', () => {
  test('vaultedIn() finds encrypted values at any depth, and encrypted files by their variables', () => {
    const variables = {
      open: 1,
      one: { __ansible_vault: TEXT },
      deep: { list: ['x', { __ansible_vault: TEXT }] },
      first: ofFile(false),
      second: ofFile(true),
    };
    const vaulted = vaultedIn(variables);
    expect(vaulted).toEqual({
      files: { 'group_vars/all/vault.yml': ['first', 'second'] },
      values: [['one'], ['deep', 'list', 1]],
    });
    expect(hasVaulted(vaulted)).toBe(true);
    expect(hasVaulted(vaultedIn({ open: [1, null, { a: 'b' }] }))).toBe(false);
    expect([mayNameAny(variables.first), mayNameAny(variables.second)]).toEqual([false, true]);
  });
});

describe('inventoryText()', () => {
  test('inventoryText() has Ansible’s tags for encrypted and unsafe text, and no value of an encrypted file', () => {
    const variables = {
      text: 'a "b"\n\u0085',
      number: 1,
      nothing: null,
      list: [true, { __ansible_vault: TEXT }],
      raw: { __ansible_unsafe: '{{ x }}' },
      file: ofFile(false),
    };
    expect(inventoryText(variables)).toBe(
      String.raw`{"text": "a \"b\"\n\u0085", "number": 1, "nothing": null, ` +
        String.raw`"list": [true, !vault "$ANSIBLE_VAULT;1.1;AES256\n3132\n"], "raw": !unsafe "{{ x }}"}`,
    );
  });
});

describe('loadProject() of encrypted values', () => {
  test('loadProject() knows where each is set', async () => {
    const tools = `${TOOLS}secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n`;
    const config = await load({ 'vars/tools.yml': tools });
    const image = config.images.find(({ name }) => name === 'tools');
    expect(image?.variables.secret).toEqual({ __ansible_vault: TEXT });
    expect(image?.places?.vaulted).toMatchObject({ secret: { file: 'vars/tools.yml', line: 2 } });
  });

  test('loadProject() refuses one for a key of its own, and a vars file that is encrypted as a whole', async () => {
    const suite = `${TOOLS}packages: []\nhygiene_allow: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n`;
    expect(await problemsOf({ 'vars/tools.yml': suite })).toEqual([
      'vars/tools.yml:3:23 Cannot use hygiene_allow: it is encrypted, and onib reads this key before Ansible runs',
    ]);
    expect(await problemsOf({ 'vars/tools.yml': TEXT })).toEqual([
      'vars/tools.yml Cannot read "vars/tools.yml": it is encrypted as a whole, and onib reads it before Ansible runs (encrypt single values: ansible-vault encrypt_string; or a file of group_vars)',
    ]);
  });
});

describe('vaultProblem()', () => {
  const place = (name: string) =>
    name === 'secret' ? { file: 'vars/x.yml', line: 3, column: 9 } : undefined;

  test.each([
    [
      'ERROR! onib-vault: variable secret: Attempting to decrypt but no vault secrets found',
      'vars/x.yml:3:9 Cannot decrypt variable "secret" of "vars/x.yml": Ansible has no vault password (ANSIBLE_VAULT_PASSWORD_FILE=<file>, or vault_password_file in ansible.cfg)',
    ],
    [
      '[ERROR]: onib-vault: variable other: Decryption failed (no vault secrets were found that could decrypt).',
      'vars/y.yml Cannot decrypt variable "other" of "vars/y.yml": the vault password does not fit it, or it is damaged (the password file that ANSIBLE_VAULT_PASSWORD_FILE or ansible.cfg names has another password)',
    ],
    [
      'ERROR! onib-vault: file group_vars/all/vault.yml: Attempting to decrypt but no vault secrets found',
      'group_vars/all/vault.yml Cannot decrypt file "group_vars/all/vault.yml": Ansible has no vault password (ANSIBLE_VAULT_PASSWORD_FILE=<file>, or vault_password_file in ansible.cfg)',
    ],
  ])('vaultProblem() of %s', (output, expected) => {
    const problem = vaultProblem(`[WARNING]: x\n${output}\n`, place, 'vars/y.yml');
    expect(problem === undefined ? '' : inOneLine(problem)).toBe(expected);
    expect(problem?.code).toBe('VAULT');
  });

  test('vaultProblem() leaves other complaints alone', () => {
    expect(vaultProblem('ERROR! something else\n', place)).toBeUndefined();
  });
});

test('userPaths() makes relative paths of the user’s environment absolute', () => {
  const environment = { ANSIBLE_VAULT_PASSWORD_FILE: 'pw', ANSIBLE_CONFIG: '~/a.cfg', X: 'y' };
  expect(userPaths(environment, '/home/me')).toEqual({
    ANSIBLE_VAULT_PASSWORD_FILE: '/home/me/pw',
  });
});
