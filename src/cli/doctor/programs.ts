/** Programs that onib runs: present, able to say their version, and new enough. */
import { OnibError } from '../../core/errors.js';
import { run } from '../../host/run.js';
import { installCommand } from './fixes.js';
import { lacks, note, ok, type Check, type Finding, type Purpose } from './finding.js';

interface Program {
  readonly name: string;
  readonly package: string;
  readonly purpose: Purpose;
  /** Arguments that make it print a version. */
  readonly version: readonly string[];
  /** Oldest version that onib works with, `major.minor`. */
  readonly atLeast?: string;
  /** True: needed only by a choice in the configuration. */
  readonly optional?: boolean;
}

/** The one table of programs; debian-packages.txt holds every package named here. */
export const PROGRAMS: readonly Program[] = [
  {
    name: 'ansible-playbook',
    package: 'ansible',
    purpose: 'build',
    version: ['--version'],
    atLeast: '2.14',
  },
  { name: 'mmdebstrap', package: 'mmdebstrap', purpose: 'build', version: ['--version'] },
  {
    name: 'debootstrap',
    package: 'debootstrap',
    purpose: 'build',
    version: ['--version'],
    optional: true,
  },
  { name: 'gpgv', package: 'gpgv', purpose: 'build', version: ['--version'] },
  { name: 'unshare', package: 'util-linux', purpose: 'build', version: ['--version'] },
  { name: 'mount', package: 'mount', purpose: 'build', version: ['--version'] },
  { name: 'ip', package: 'iproute2', purpose: 'boot', version: ['-Version'] },
  {
    name: 'qemu-system-x86_64',
    package: 'qemu-system-x86',
    purpose: 'boot',
    version: ['--version'],
    atLeast: '7.0',
  },
  { name: 'dnsmasq', package: 'dnsmasq-base', purpose: 'boot', version: ['--version'] },
];

/** First `major.minor…` number in what a program says. */
export function versionIn(text: string): string | undefined {
  return /\d+(?:\.\d+)+/.exec(text)?.[0];
}

/** True when `version` is not older than `least`, both dotted numbers. */
export function isAtLeast(version: string, least: string): boolean {
  const have = version.split('.').map(Number);
  const want = least.split('.').map(Number);
  for (const [index, number] of want.entries()) {
    const difference = (have[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function probeProgram(program: Program): Promise<Finding> {
  const fix = installCommand(program.package);
  const argv = [program.name, ...program.version];
  const missing = program.optional === true ? note : lacks;
  let said: string;
  try {
    const { stdout, stderr } = await run(argv, { timeout: 60, debianPackage: program.package });
    said = stdout.trim() === '' ? stderr : stdout;
  } catch (error) {
    const absent = error instanceof OnibError && error.code === 'COMMAND_MISSING';
    return missing(
      error instanceof Error ? error.message : String(error),
      absent ? fix : installCommand('--reinstall', program.package),
    );
  }
  const version = versionIn(said) ?? said.trim().split('\n')[0] ?? '';
  const { atLeast } = program;
  if (atLeast !== undefined && !isAtLeast(version, atLeast)) {
    return missing(`${version}; at least ${atLeast} is needed`, fix);
  }
  return ok(version);
}

export const programChecks: readonly Check[] = PROGRAMS.map((program) => ({
  name: program.name,
  purpose: program.purpose,
  probe: () => probeProgram(program),
}));
