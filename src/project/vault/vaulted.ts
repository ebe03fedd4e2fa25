/**
 * Values that Ansible Vault encrypts. onib hands them on as they are, and never sees what they say: a value that is
 * encrypted by itself is its encrypted text, and one of a file that is encrypted as a whole is the mark that
 * playbooks/vars_plugins/onib_host_group_vars.py puts in its place.
 * https://docs.ansible.com/ansible/latest/vault_guide/index.html
 */
import { isMap } from '../../core/is-map.js';

/** As `ansible-inventory` writes a value that is encrypted by itself, and yaml-file.ts does. */
export interface VaultedText {
  readonly __ansible_vault: string;
}

export interface VaultedOfFile {
  readonly __onib_vaulted: {
    /** Relative to the project. */
    readonly file: string;
    /** sha256 of the encrypted file, as hex digits. */
    readonly digest: string;
    /** Jinja2 stands in the value, so that it may name any other variable. */
    readonly template: boolean;
  };
}

/** Steps from the variables to a value: its variable's name first, then keys and list indexes. */
export type ValuePath = readonly (string | number)[];

export interface VaultedVariables {
  /** Names of variables by the path, within the project, of the encrypted file that they come from. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** Where values stand that are encrypted by themselves. */
  readonly values: readonly ValuePath[];
}

export function isVaultedText(value: unknown): value is VaultedText {
  return isMap(value) && typeof value.__ansible_vault === 'string';
}

export function isVaultedOfFile(value: unknown): value is VaultedOfFile {
  return isMap(value) && isMap(value.__onib_vaulted);
}

export function isVaulted(value: unknown): boolean {
  return isVaultedText(value) || isVaultedOfFile(value);
}

/** Whether what is encrypted in it may name any other variable. */
export function mayNameAny(value: unknown): boolean {
  return isVaultedOfFile(value) && value.__onib_vaulted.template;
}

export function vaultedIn(variables: Readonly<Record<string, unknown>>): VaultedVariables {
  const files: Record<string, string[]> = {};
  const values: ValuePath[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (isVaultedOfFile(value)) (files[value.__onib_vaulted.file] ??= []).push(name);
    else collect(value, [name], values);
  }
  return { files, values };
}

/** Whether there is any, so that Ansible needs the vault's password. */
export function hasVaulted({ files, values }: VaultedVariables): boolean {
  return values.length > 0 || Object.keys(files).length > 0;
}

function collect(value: unknown, path: ValuePath, found: ValuePath[]): void {
  if (isVaultedText(value)) found.push(path);
  else if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) collect(entry, [...path, index], found);
  } else if (isMap(value)) {
    for (const [key, entry] of Object.entries(value)) collect(entry, [...path, key], found);
  }
}
