/** Programs of a few bytes that a BIOS machine boots from a disk, to hold its processor in one state. */

/** `jmp $` */
const BUSY = 'ebfe';

/** `cli; hlt`: only a reset ends this. */
const HALTED = 'faf4';

/** `sti; 1: hlt; inc cx; jmp 1b`: counts the ticks of the BIOS' timer. */
const TICKING = 'fbf441ebfc';

/**
 * Halts with interrupts enabled, and takes the power button's as vector 65 (0x41) from its local APIC:
 *
 *   cli; ds = flat 4 GiB (unreal mode); both 8259 masked
 *   I/O APIC, pin 9 (ACPI): vector 0x41, level, to processor 0; interrupt 0x41 → handler
 *   PM1 enable (0x602) = power button
 *   sti; 1: hlt; jmp 1b
 *   handler: PM1 status (0x600) = power button, which clears it; end of interrupt (0xfee000b0) = 0; iret
 */
const POWER_BUTTON = `
  fa 31c0 8ed8 660f0116907c 0f20c0 0c01 0f22c0 bb0800 8edb 24fe 0f22c0 b0ff e621 e6a1
  66bb0000c0fe 6766c70322000000 6766c7431041800000 6766c70323000000 6766c7431000000000
  66c70604015f7c0000 ba0206 b80001 ef fb f4 ebfd
  ba0006 b80001 ef 66bb0000e0fe 6766c783b000000000000000 cf 8db40000 8d7400
  0000000000000000 ffff00000092cf00 0f00807c0000`;

export const PROGRAMS = {
  busy: BUSY,
  halted: HALTED,
  ticking: TICKING,
  'power button': POWER_BUTTON,
} as const;

/** A disk's first sector with a program that the BIOS starts at 0x7c00, padded to 1 MiB. */
export function bootDisk(program: keyof typeof PROGRAMS): Buffer {
  const disk = Buffer.alloc(2 ** 20);
  disk.write(PROGRAMS[program].replaceAll(/\s/g, ''), 'hex');
  disk.writeUInt16BE(0x55aa, 510);
  return disk;
}
