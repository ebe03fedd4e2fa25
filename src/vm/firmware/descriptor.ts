/**
 * Firmware descriptors: small JSON files by which a distribution says where its UEFI builds are and
 * what each needs. QEMU: docs/interop/firmware.json.
 */
import path from 'node:path';
import type { UefiFiles } from './firmware.js';

/**
 * Features that this machine cannot give, or that would keep it from booting what onib built: with keys
 * enrolled UEFI refuses a boot loader that nobody signed.
 */
const REFUSED = ['enrolled-keys', 'secure-boot', 'requires-smm'];

interface Descriptor {
  readonly 'interface-types'?: readonly string[];
  readonly mapping?: {
    readonly device?: string;
    /** Absent: `split`, code and variables in files of their own. */
    readonly mode?: string;
    readonly executable?: FlashWords;
    readonly 'nvram-template'?: FlashWords;
  };
  readonly targets?: readonly {
    readonly architecture?: string;
    readonly machines?: readonly string[];
  }[];
  readonly features?: readonly string[];
}

interface FlashWords {
  readonly filename?: string;
  readonly format?: string;
}

/** What a descriptor offers, or why it is passed over. */
export type Judgement = { readonly files: UefiFiles } | { readonly passedOver: string };

/**
 * Judges one descriptor.
 *
 * @param text Content of the file.
 * @param machine QEMU's full name of the machine type: `pc-q35-7.2`.
 */
export function judgeDescriptor(text: string, machine: string): Judgement {
  let descriptor: Descriptor;
  let reason: string | undefined;
  try {
    descriptor = JSON.parse(text) as Descriptor;
    reason = unfit(descriptor, machine);
  } catch (error) {
    // Somebody else's file: of whatever it is, this is the reason to go on to the next one.
    return { passedOver: `it is no descriptor: ${error instanceof Error ? error.message : ''}` };
  }
  if (reason !== undefined) return { passedOver: reason };
  const { executable, 'nvram-template': template } = descriptor.mapping ?? {};
  if (executable?.filename === undefined || template?.filename === undefined) {
    return { passedOver: 'it names no file for code or for variables' };
  }
  const flash = ({ filename = '', format = 'raw' }: FlashWords) => ({ path: filename, format });
  return { files: { kind: 'uefi', code: flash(executable), variables: flash(template) } };
}

function unfit(descriptor: Descriptor, machine: string): string | undefined {
  const { mapping, targets, features } = descriptor;
  if (descriptor['interface-types']?.includes('uefi') !== true) return 'it is no UEFI';
  if (mapping?.device !== 'flash') return 'it is not for flash chips';
  if ((mapping.mode ?? 'split') !== 'split') return `its flash is ${mapping.mode ?? ''}`;
  const fits = targets?.some(
    ({ architecture, machines }) =>
      architecture === 'x86_64' && machines?.some((pattern) => matches(pattern, machine)),
  );
  if (fits !== true) return `it is not for machine ${machine} of x86_64`;
  const refused = REFUSED.find((feature) => features?.includes(feature));
  return refused === undefined ? undefined : `it has ${refused}`;
}

/** glob(7) as descriptors use it: `pc-q35-*`. */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

/**
 * Brings the descriptors of several directories into the order in which they are to be tried: by file
 * name, whatever the directory; of two with one name the one in the later directory counts.
 *
 * @param directories The more general first, as QEMU's document lists them.
 * @returns Paths.
 */
export function orderDescriptors(
  directories: readonly { readonly path: string; readonly names: readonly string[] }[],
): string[] {
  const byName = new Map<string, string>();
  for (const directory of directories) {
    for (const name of directory.names) {
      if (name.endsWith('.json')) byName.set(name, path.join(directory.path, name));
    }
  }
  return [...byName]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, descriptor]) => descriptor);
}
