/** How a virtual node can start, and the host's files that each way takes. */

/** `bios` runs the iPXE ROM of its NIC, `uefi` OVMF's own PXE client. */
export type Firmware = 'bios' | 'uefi';

/** What a user is told about each. */
export const FIRMWARES: Readonly<Record<Firmware, { readonly what: string }>> = {
  bios: { what: 'BIOS, iPXE ROM of the NIC' },
  uefi: { what: 'UEFI, its own PXE client' },
};

/** A file that stands for a flash chip. */
export interface FlashFile {
  /** Absolute path. */
  readonly path: string;
  /** As QEMU's `format=` takes it: `raw`, `qcow2`. */
  readonly format: string;
}

export interface BiosFiles {
  readonly kind: 'bios';
  /** The BIOS itself, and the ROM of the NIC; absolute paths. */
  readonly system: string;
  readonly rom: string;
}

export interface UefiFiles {
  readonly kind: 'uefi';
  readonly code: FlashFile;
  /** The pristine variable store; each machine gets a copy. */
  readonly variables: FlashFile;
}

/** A firmware whose files were found on this host. */
export type FoundFirmware = BiosFiles | UefiFiles;

/**
 * The files that QEMU itself takes from its data directories, and the Debian package of each: of the
 * machine type q35 the BIOS, of `virtio-net-pci` the ROM (QEMU: hw/i386/pc_q35.c, hw/virtio/virtio-net-pci.c).
 */
export const BIOS_FILES = {
  system: { name: 'bios-256k.bin', what: 'BIOS', debianPackage: 'seabios' },
  rom: { name: 'efi-virtio.rom', what: 'network boot ROM', debianPackage: 'ipxe-qemu' },
} as const;

export const UEFI_PACKAGE = 'ovmf';
