/**
 * The virtual machine: what QEMU is told to build, as data.
 *
 * Emulation only (`tcg`): a node must boot on build hosts and CI machines without KVM too.
 * The machine has one virtio NIC that it boots from, a random number generator, so that nothing
 * waits for entropy, and serial ports instead of a display; it ends when the guest resets.
 */
import { MACHINE_TYPE } from '../firmware/qemu.js';
import type { FlashFile, FoundFirmware } from '../firmware/firmware.js';

export interface Hardware {
  readonly firmware: FoundFirmware;
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
  /** Its processors stand still from the start. */
  readonly paused?: boolean;
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
    ...['-accel', 'tcg,thread=multi', '-machine', `${MACHINE_TYPE},graphics=off`, '-cpu', 'max'],
    ...['-m', hardware.memory, '-smp', String(hardware.cpus), '-uuid', hardware.uuid],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none', '-no-reboot'],
    ...(hardware.paused === true ? ['-S'] : []),
    ...firmwareArguments(hardware),
    ...['-netdev', `tap,id=network,ifname=${hardware.tap},script=no,downscript=no`],
    ...['-device', nicArgument(hardware)],
    ...['-device', 'virtio-rng-pci'],
    ...socketArguments(hardware.sockets),
  ];
}

function firmwareArguments({ firmware, variables }: Hardware): string[] {
  if (firmware.kind === 'bios') return [];
  const { code, variables: template } = firmware;
  return [
    ...['-drive', flashArgument(0, code, 'readonly=on')],
    ...['-drive', flashArgument(1, { ...template, path: variables })],
  ];
}

function flashArgument(unit: number, file: FlashFile, ...more: readonly string[]): string {
  const words = ['if=pflash', `unit=${String(unit)}`, `format=${file.format}`, ...more];
  // A comma in a value is written twice.
  return [...words, `file=${file.path.replaceAll(',', ',,')}`].join(',');
}

/**
 * BIOS takes QEMU's own choice of ROM, not `romfile=`: only in that one it patches the PCI device id of a
 * virtio NIC on PCI Express, and SeaBIOS passes over a ROM that is meant for another device. Without a ROM
 * the NIC is driven by OVMF, as a physical board drives its own.
 */
function nicArgument({ firmware, mac }: Hardware): string {
  const common = ['virtio-net-pci', 'netdev=network', `mac=${mac}`, 'bootindex=1'];
  return [...common, ...(firmware.kind === 'uefi' ? ['romfile='] : [])].join(',');
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
