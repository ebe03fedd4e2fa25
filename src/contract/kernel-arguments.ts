/** The kernel command line of a node (boot contract, "Kernel parameters"). Pure. */
import { bootInterfaceWord } from './mac.js';

export interface KernelArgumentsInput {
  readonly mac: string;
  readonly manifestUrl: string;
  /** 64 hex digits. */
  readonly manifestSha256: string;
  readonly serverUrl: string;
  /** Name under which UEFI kernels find their initrd. */
  readonly initrdName: string;
  readonly profileArguments: readonly string[];
  readonly extraArguments: readonly string[];
}

/** Words that the boot server writes itself and that no profile may have. */
export const SERVER_WORDS = [
  'initrd',
  'boot',
  'onib.manifest',
  'onib.digest',
  'onib.server',
  'BOOTIF',
] as const;

export function isServerWord(argument: string): boolean {
  const [name] = argument.split('=');
  return SERVER_WORDS.some((word) => word === name);
}

/** COMMAND_LINE_SIZE of x86 with its NUL; other architectures take as much or more (Documentation/arch/x86/boot.rst). */
const LONGEST_COMMAND_LINE = 2047;

/** One word each; a profile's own come last, since the kernel and initramfs-tools let the last one win. */
export function kernelArguments(input: KernelArgumentsInput): string[] {
  return [
    `initrd=${input.initrdName}`,
    'boot=onib',
    `onib.manifest=${input.manifestUrl}`,
    `onib.digest=sha256:${input.manifestSha256}`,
    `onib.server=${input.serverUrl}`,
    `BOOTIF=${bootInterfaceWord(input.mac)}`,
    'ip=dhcp',
    ...input.profileArguments,
    ...input.extraArguments,
  ];
}

/**
 * Why a kernel argument cannot go through an iPXE script as it is, or undefined. iPXE expands `${…}`, splits
 * commands at `||` and `&&`, and has no quoting to prevent either.
 */
export function findArgumentProblem(argument: string): string | undefined {
  if (!/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(argument))
    return 'only printable ASCII, single spaces within';
  if (argument.includes('${')) return 'iPXE would expand ${';
  if (argument.split(' ').some((word) => word === '||' || word === '&&'))
    return 'iPXE would end the command at || and &&';
  return undefined;
}

/** @returns what is wrong with the whole line, or undefined */
export function findCommandLineProblem(words: readonly string[]): string | undefined {
  for (const word of words) {
    const problem = findArgumentProblem(word);
    if (problem !== undefined) return `kernel argument ${JSON.stringify(word)}: ${problem}`;
  }
  const { length } = words.join(' ');
  if (length > LONGEST_COMMAND_LINE) {
    return `the kernel command line has ${String(length)} bytes, ${String(LONGEST_COMMAND_LINE)} are the most`;
  }
  return undefined;
}
