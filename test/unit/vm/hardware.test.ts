import { describe, expect, it } from 'vitest';
import type { FoundFirmware } from '../../../src/vm/firmware/firmware.js';
import { qemuArguments, type Hardware } from '../../../src/vm/machine/hardware.js';

const bios: FoundFirmware = {
  kind: 'bios',
  system: '/usr/share/seabios/bios-256k.bin',
  rom: '/usr/share/qemu/efi-virtio.rom',
};
const uefi: FoundFirmware = {
  kind: 'uefi',
  code: { path: '/usr/share/OVMF/OVMF_CODE_4M.fd', format: 'raw' },
  variables: { path: '/srv/uefi/vars.qcow2', format: 'qcow2' },
};

const hardware: Hardware = {
  firmware: bios,
  memory: '2G',
  cpus: 2,
  mac: '52:54:00:6f:6e:69',
  uuid: '5b6f1a52-4fd7-4d2e-9d6c-0b8e7f0a1c11',
  tap: 'tap0',
  sockets: { control: '/run/x/control', console: '/run/x/console' },
  variables: '/run/x/variables.fd',
};

/** Values of an option that may stand more than once. */
function values(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, index) => (word === option ? [argv[index + 1] ?? ''] : []));
}

describe('qemuArguments()', () => {
  it.each([bios, uefi])('qemuArguments() emulates and ends at a reset ($kind)', (firmware) => {
    const argv = qemuArguments({ ...hardware, firmware });
    expect(values(argv, '-accel')).toEqual(['tcg,thread=multi']);
    expect(argv).toContain('-no-reboot');
    expect(values(argv, '-uuid')).toEqual([hardware.uuid]);
    expect(values(argv, '-device')).toContain('virtio-rng-pci');
    expect(values(argv, '-netdev')[0]).toContain('ifname=tap0');
  });

  it('qemuArguments() boots BIOS through the ROM that QEMU gives the NIC', () => {
    const argv = qemuArguments(hardware);
    expect(values(argv, '-drive')).toEqual([]);
    expect(values(argv, '-device')[0]).toBe(
      'virtio-net-pci,netdev=network,mac=52:54:00:6f:6e:69,bootindex=1',
    );
  });

  it('qemuArguments() boots UEFI without a ROM, with read-only code and variables of its own', () => {
    const argv = qemuArguments({ ...hardware, firmware: uefi });
    const [code, variables] = values(argv, '-drive');
    expect(code).toBe(
      'if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd',
    );
    expect(variables).toBe('if=pflash,unit=1,format=qcow2,file=/run/x/variables.fd');
    expect(values(argv, '-device')[0]).toMatch(/,romfile=$/);
  });

  it('qemuArguments() writes a comma of a path twice', () => {
    const argv = qemuArguments({ ...hardware, firmware: uefi, variables: '/run/a,b/v.fd' });
    expect(values(argv, '-drive')[1]).toMatch(/,file=\/run\/a,,b\/v\.fd$/);
  });

  it('qemuArguments() holds the processors of a trial', () => {
    expect(qemuArguments(hardware)).not.toContain('-S');
    expect(qemuArguments({ ...hardware, paused: true })).toContain('-S');
  });

  it('qemuArguments() adds a second serial port for a root shell only', () => {
    expect(values(qemuArguments(hardware), '-serial')).toHaveLength(1);
    const sockets = { ...hardware.sockets, shell: '/run/x/shell' };
    const argv = qemuArguments({ ...hardware, sockets });
    expect(values(argv, '-serial')).toEqual(['chardev:serial0', 'chardev:serial1']);
    expect(values(argv, '-chardev')).toContain('socket,id=serial1,path=/run/x/shell');
  });
});
