/**
 * The virtual machine: what QEMU is told to build, as data.
 *
 * Emulation only (`tcg`): a node must boot on build hosts and CI machines without KVM too.
 * The machine has one virtio NIC that it boots from, a random number generator, so that nothing
 * waits for entropy, and serial ports instead of a display; it ends when the guest resets.
 */
import { existsSync } from 'node:fs';
import { EXIT, OnibError } from '../../core/errors.js';

/** How the machine starts: `bios` runs the iPXE ROM of its NIC, `uefi` OVMF's own PXE client. */
export type Firmware = 'bios' | 'uefi';

interface FirmwareKind {
  readonly what: string;
  /** Files that the host must have, and the Debian package of each. */
  readonly files: readonly { readonly path: string; readonly debianPackage: string }[];
  /** Properties of `-device virtio-net-pci` after the common ones. */
  readonly nic: readonly string[];
}

const IPXE_ROM = '/usr/lib/ipxe/qemu/efi-virtio.rom';
const OVMF_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const OVMF_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/** The one table of firmwares: arguments, host requirements and tests follow it. */
export const FIRMWARES: Readonly<Record<Firmware, FirmwareKind>> = {
  bios: {
    what: 'BIOS, iPXE ROM of the NIC',
    files: [{ path: IPXE_ROM, debianPackage: 'ipxe-qemu' }],
    // QEMU's own choice of ROM, not `romfile=`: only in that one it patches the PCI device id of a
    // virtio NIC on PCI Express, and SeaBIOS passes over a ROM that is meant for another device.
    nic: [],
  },
  uefi: {
    what: 'UEFI, its own PXE client',
    files: [
      { path: OVMF_CODE, debianPackage: 'ovmf' },
      { path: OVMF_VARS, debianPackage: 'ovmf' },
    ],
    // Without a ROM of its own the NIC is driven by OVMF, as a physical board drives its own.
    nic: ['romfile='],
  },
};

export const QEMU = { program: 'qemu-system-x86_64', debianPackage: 'qemu-system-x86' } as const;

export interface Hardware {
  readonly firmware: Firmware;
  /** As QEMU takes it: `2G`, `1536M`. */
  readonly memory: string;
  readonly cpus: number;
  /** Lower case, colons. */
  readonly mac: string;
  readonly uuid: string;
  /** TAP device that the NIC is plugged into. */
  readonly tap: string;
  /** UNIX sockets that QEMU connects to. */
  readonly sockets: {
    readonly control: string;
    readonly console: string;
    readonly shell?: string;
  };
  /** A copy of the UEFI variable store that belongs to this machine alone. */
  readonly variables: string;
}

/** Where the pristine UEFI variable store is, for firmwares that have one. */
export function variablesTemplate(firmware: Firmware): string | undefined {
  return firmware === 'uefi' ? OVMF_VARS : undefined;
}

/**
 * Kernel arguments of every emulated node (docs/boot.md): Linux' security modules without "bpf",
 * because where that one is enabled systemd loads a BPF program, which takes 98 s of emulation.
 */
export const EMULATION_ARGUMENTS = [
  'lsm=landlock,lockdown,yama,integrity,apparmor',
  // a kernel that panics resets the machine, and that ends it
  'panic=-1',
  // on a busy host a mount can take longer than systemd's 90 s
  'systemd.default_timeout_start_sec=900',
] as const;

/** QEMU's command line for one node, without the program's name. */
export function qemuArguments(hardware: Hardware): string[] {
  return [
    ...['-accel', 'tcg,thread=multi', '-machine', 'q35,graphics=off', '-cpu', 'max'],
    ...['-m', hardware.memory, '-smp', String(hardware.cpus), '-uuid', hardware.uuid],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none', '-no-reboot'],
    ...firmwareArguments(hardware),
    ...['-netdev', `tap,id=network,ifname=${hardware.tap},script=no,downscript=no`],
    ...['-device', nicArgument(hardware)],
    ...['-device', 'virtio-rng-pci'],
    ...socketArguments(hardware.sockets),
  ];
}

function firmwareArguments(hardware: Hardware): string[] {
  if (hardware.firmware === 'bios') return [];
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${OVMF_CODE}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${hardware.variables}`],
  ];
}

function nicArgument(hardware: Hardware): string {
  const common = ['virtio-net-pci', 'netdev=network', `mac=${hardware.mac}`, 'bootindex=1'];
  return [...common, ...FIRMWARES[hardware.firmware].nic].join(',');
}

function socketArguments(sockets: Hardware['sockets']): string[] {
  const ports = [sockets.console, ...(sockets.shell === undefined ? [] : [sockets.shell])];
  return [
    ...['-chardev', `socket,id=control,path=${sockets.control}`],
    ...['-mon', 'chardev=control,mode=control'],
    ...ports.flatMap((path, index) => [
      ...['-chardev', `socket,id=serial${String(index)},path=${path}`],
      ...['-serial', `chardev:serial${String(index)}`],
    ]),
  ];
}

/**
 * Checks that the firmware's files are there.
 *
 * @throws {OnibError} `FIRMWARE_MISSING` (exit 3), naming the Debian package.
 */
export function requireFirmware(firmware: Firmware): void {
  const missing = FIRMWARES[firmware].files.find((file) => !existsSync(file.path));
  if (missing === undefined) return;
  throw new OnibError(
    'FIRMWARE_MISSING',
    `Cannot boot a node with firmware "${firmware}": ${missing.path} is not there`,
    { hint: `apt-get install ${missing.debianPackage}`, exitCode: EXIT.hostLacks },
  );
}
