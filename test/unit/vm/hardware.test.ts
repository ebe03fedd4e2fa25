import { describe, expect, it } from 'vitest';
import {
  FIRMWARES,
  qemuArguments,
  type Firmware,
  type Hardware,
} from '../../../src/vm/machine/hardware.js';

const hardware: Hardware = {
  firmware: 'bios',
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
  it.each(Object.keys(FIRMWARES) as Firmware[])(
    'qemuArguments() emulates and ends at a reset (%s)',
    (firmware) => {
      const argv = qemuArguments({ ...hardware, firmware });
      expect(values(argv, '-accel')).toEqual(['tcg,thread=multi']);
      expect(argv).toContain('-no-reboot');
      expect(values(argv, '-uuid')).toEqual([hardware.uuid]);
      expect(values(argv, '-device')).toContain('virtio-rng-pci');
      expect(values(argv, '-netdev')[0]).toContain('ifname=tap0');
    },
  );

  it('qemuArguments() boots BIOS through the ROM that QEMU gives the NIC', () => {
    const argv = qemuArguments(hardware);
    expect(values(argv, '-drive')).toEqual([]);
    expect(values(argv, '-device')[0]).toBe(
      'virtio-net-pci,netdev=network,mac=52:54:00:6f:6e:69,bootindex=1',
    );
  });

  it('qemuArguments() boots UEFI without a ROM, with read-only code and variables of its own', () => {
    const argv = qemuArguments({ ...hardware, firmware: 'uefi' });
    const [code, variables] = values(argv, '-drive');
    expect(code).toContain('readonly=on');
    expect(variables).toContain('file=/run/x/variables.fd');
    expect(variables).not.toContain('readonly');
    expect(values(argv, '-device')[0]).toMatch(/,romfile=$/);
  });

  it('qemuArguments() adds a second serial port for a root shell only', () => {
    expect(values(qemuArguments(hardware), '-serial')).toHaveLength(1);
    const sockets = { ...hardware.sockets, shell: '/run/x/shell' };
    const argv = qemuArguments({ ...hardware, sockets });
    expect(values(argv, '-serial')).toEqual(['chardev:serial0', 'chardev:serial1']);
    expect(values(argv, '-chardev')).toContain('socket,id=serial1,path=/run/x/shell');
  });
});
