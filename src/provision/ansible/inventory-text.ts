/**
 * Variables as the inventory of a run has them: YAML in the form of JSON, with Ansible's tags before encrypted and
 * unsafe text. JSON alone has no way to say `!vault`: Ansible reads `__ansible_vault` only in an inventory without
 * any YAML, and takes it for a map elsewhere.
 */
import { isVaultedOfFile, isVaultedText } from '../../project/vault/vaulted.js';

/** What YAML 1.1 does not take as it is in a quoted text, though JSON does. */
const UNPRINTABLE = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** Without those of encrypted files, which a plugin of the run reads (playbooks/vars_plugins/onib_vaulted.py). */
export function inventoryText(variables: Readonly<Record<string, unknown>>): string {
  const plain = Object.entries(variables).filter(([, value]) => !isVaultedOfFile(value));
  return textOf(Object.fromEntries(plain));
}

function textOf(value: unknown): string {
  if (isVaultedText(value)) return `!vault ${quoted(value.__ansible_vault)}`;
  if (isUnsafe(value)) return `!unsafe ${quoted(value.__ansible_unsafe)}`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `${quoted(key)}: ${textOf(inner)}`);
    return `{${entries.join(', ')}}`;
  }
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

function isUnsafe(value: unknown): value is { readonly __ansible_unsafe: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    '__ansible_unsafe' in value &&
    typeof value.__ansible_unsafe === 'string'
  );
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
