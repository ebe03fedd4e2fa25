/**
 * Finds a firmware's files on this host where QEMU and the descriptors of its firmwares say that they
 * are: releases of Debian keep them in different places.
 */
import { access, readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { EXIT, OnibError } from '../../core/errors.js';
import { run } from '../../host/run.js';
import { judgeDescriptor, orderDescriptors } from './descriptor.js';
import {
  BIOS_FILES,
  UEFI_PACKAGE,
  type BiosFiles,
  type Firmware,
  type FoundFirmware,
  type UefiFiles,
} from './firmware.js';
import { dataDirectories, fullMachineName, MACHINE_TYPE, QEMU } from './qemu.js';

/**
 * The files that a node with this firmware takes.
 *
 * @throws {OnibError} `FIRMWARE_MISSING` (exit 3): what was looked for, where, and the Debian package that
 *   brings it; `COMMAND_MISSING` (exit 3) without QEMU.
 */
export async function findFirmware(firmware: Firmware): Promise<FoundFirmware> {
  return firmware === 'bios' ? await findBios() : await findUefi();
}

async function askQemu(...words: readonly string[]): Promise<string> {
  const { program, debianPackage } = QEMU;
  return (await run([program, ...words], { debianPackage, timeout: 60 })).stdout;
}

async function findBios(): Promise<BiosFiles> {
  const directories = dataDirectories(await askQemu('-L', 'help'));
  const find = async (file: (typeof BIOS_FILES)[keyof typeof BIOS_FILES]): Promise<string> => {
    const places = directories.map((directory) => path.join(directory, file.name));
    const found = await firstThatIsThere(places);
    if (found !== undefined) return found;
    throw missing('bios', `QEMU's ${file.what} ${file.name} is in none of its directories`, {
      details: directories,
      debianPackage: file.debianPackage,
    });
  };
  return { kind: 'bios', system: await find(BIOS_FILES.system), rom: await find(BIOS_FILES.rom) };
}

async function findUefi(): Promise<UefiFiles> {
  const [data, machines] = await Promise.all([askQemu('-L', 'help'), askQemu('-machine', 'help')]);
  const machine = fullMachineName(machines, MACHINE_TYPE);
  const directories = descriptorDirectories(dataDirectories(data));
  const named = directories.map(async (directory) => ({
    path: directory,
    names: await readdir(directory).catch(() => []),
  }));
  const passedOver: string[] = [];
  for (const descriptor of orderDescriptors(await Promise.all(named))) {
    const text = await readFile(descriptor, 'utf8').catch(() => '');
    // An empty one hides its namesake in a more general directory.
    if (text.trim() === '') continue;
    const judgement = judgeDescriptor(text, machine);
    if ('files' in judgement) {
      const { code, variables } = judgement.files;
      const absent = await firstThatIsAbsent([code.path, variables.path]);
      if (absent === undefined) return judgement.files;
      passedOver.push(`${descriptor}: ${absent} is not there`);
    } else passedOver.push(`${descriptor}: ${judgement.passedOver}`);
  }
  throw missing('uefi', `no firmware descriptor names a UEFI that ${machine} can boot from`, {
    details: [...passedOver, ...directories.map((directory) => `looked in ${directory}`)],
    debianPackage: UEFI_PACKAGE,
  });
}

/** The more general first: what QEMU or the distribution brings, this machine's, this user's. */
function descriptorDirectories(data: readonly string[]): string[] {
  const configuration = process.env.XDG_CONFIG_HOME ?? path.join(homedir(), '.config');
  const bases = ['/usr/share/qemu', ...data, '/etc/qemu', path.join(configuration, 'qemu')];
  return [...new Set(bases)].map((base) => path.join(base, 'firmware'));
}

async function firstThatIsThere(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await isThere(file)) return file;
  return undefined;
}

async function firstThatIsAbsent(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (!(await isThere(file))) return file;
  return undefined;
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** The package may be installed without the file: reinstalling it mends both. */
function missing(
  firmware: Firmware,
  why: string,
  rest: { readonly details: readonly string[]; readonly debianPackage: string },
): OnibError {
  return new OnibError(
    'FIRMWARE_MISSING',
    `Cannot boot a node with firmware "${firmware}": ${why}`,
    {
      details: rest.details,
      hint: `apt-get install --reinstall ${rest.debianPackage}`,
      exitCode: EXIT.hostLacks,
    },
  );
}
