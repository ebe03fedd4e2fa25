/** Firmware is found where this host's QEMU and firmware descriptors say, and doctor tries what a boot will do. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFirmware } from '../../../src/vm/firmware/find-firmware.js';
import type { BiosFiles, UefiFiles } from '../../../src/vm/firmware/firmware.js';
import { runOnib } from '../../support/onib-command.js';

interface DoctorCheck {
  readonly name: string;
  readonly state: string;
  readonly seen: string;
  readonly fix?: string;
}

let directory: string;
let bios: BiosFiles;
let uefi: UefiFiles;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'onib-firmware-'));
  bios = (await findFirmware('bios')) as BiosFiles;
  uefi = (await findFirmware('uefi')) as UefiFiles;
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** `onib doctor` where a shell script has changed the mounts for it alone. */
async function doctorAfter(script: string, env: Record<string, string> = {}) {
  const wrapper = ['unshare', '--mount', '--propagation', 'private'];
  const shell = ['sh', '-ec', `${script}\nexec "$@"`, 'sh'];
  const result = await runOnib(directory, ['doctor', '--json'], {
    wrapper: [...wrapper, ...shell],
    env,
  });
  const { checks } = JSON.parse(result.stdout) as { checks: DoctorCheck[] };
  return {
    exitCode: result.exitCode,
    check: (name: string) => checks.find((candidate) => candidate.name === name),
  };
}

describe('onib doctor', () => {
  it('onib doctor starts a node of each firmware with the files that a boot takes', async () => {
    const { exitCode, check } = await doctorAfter('true');
    expect(exitCode).toBe(0);
    expect(check('virtual node, bios')).toMatchObject({
      state: 'ok',
      seen: expect.stringContaining(bios.rom) as string,
    });
    expect(check('virtual node, uefi')).toMatchObject({
      state: 'ok',
      seen: expect.stringContaining(uefi.code.path) as string,
    });
  });

  it('onib doctor says that a ROM is missing, and how to get it', async () => {
    const { exitCode, check } = await doctorAfter(`mount -t tmpfs none ${path.dirname(bios.rom)}`);
    expect(exitCode).toBe(3);
    expect(check('virtual node, bios')).toMatchObject({
      state: 'lacks',
      seen: expect.stringContaining('efi-virtio.rom') as string,
      fix: 'apt-get install --yes --no-install-recommends --reinstall ipxe-qemu',
    });
  });

  it('onib doctor takes a ROM from wherever else QEMU looks', async () => {
    // Debian 12 and 13 have it in different ones of QEMU's directories: here in a third.
    const other = '/usr/share/seabios';
    const { check } = await doctorAfter(`
      cp ${bios.rom} ${directory}/moved.rom
      mkdir -p ${directory}/upper
      cp -r ${other}/. ${directory}/upper
      cp ${directory}/moved.rom ${directory}/upper/efi-virtio.rom
      mount --bind ${directory}/upper ${other}
      mkdir ${directory}/rest
      cp -r ${path.dirname(bios.rom)}/. ${directory}/rest
      rm ${directory}/rest/efi-virtio.rom
      mount --bind ${directory}/rest ${path.dirname(bios.rom)}`);
    expect(check('virtual node, bios')).toMatchObject({
      state: 'ok',
      seen: expect.stringContaining(`${other}/efi-virtio.rom`) as string,
    });
  });

  it('onib doctor finds a ROM that is there and that QEMU does not take', async () => {
    const { exitCode, check } = await doctorAfter(
      `: >${directory}/empty.rom\nmount --bind ${directory}/empty.rom ${bios.rom}`,
    );
    expect(exitCode).toBe(3);
    expect(check('virtual node, bios')).toMatchObject({
      state: 'lacks',
      seen: expect.stringContaining('efi-virtio.rom') as string,
      fix: expect.stringContaining('--reinstall qemu-system-x86') as string,
    });
    expect(check('virtual node, uefi')?.state).toBe('ok');
  });
});

describe('findFirmware()', () => {
  it('findFirmware() says of every descriptor why it does not do', async () => {
    const own = path.join(directory, 'qemu/firmware');
    await mkdir(own, { recursive: true });
    // An empty descriptor hides the one of the same name that the distribution brings.
    await writeFile(path.join(own, '60-edk2-x86_64.json'), '');
    await writeFile(path.join(own, '10-own.json'), '{}');
    const before = process.env.XDG_CONFIG_HOME;
    process.env.XDG_CONFIG_HOME = directory;
    try {
      const error: unknown = await findFirmware('uefi').catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: 'FIRMWARE_MISSING',
        exitCode: 3,
        hint: 'apt-get install --reinstall ovmf',
      });
      const { details } = error as { details: string[] };
      expect(details).toContain(`${own}/10-own.json: it is no UEFI`);
      expect(details).toContain(
        '/usr/share/qemu/firmware/50-edk2-x86_64-secure.json: it has secure-boot',
      );
      expect(details).toContain(`looked in ${own}`);
    } finally {
      if (before === undefined) delete process.env.XDG_CONFIG_HOME;
      else process.env.XDG_CONFIG_HOME = before;
    }
  });
});
