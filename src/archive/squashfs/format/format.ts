/**
 * The squashfs 4.0 on-disk format: constants, super block and compressor options.
 * All numbers are little-endian. Source: linux/fs/squashfs/squashfs_fs.h and
 * Documentation/filesystems/squashfs.rst.
 *
 *   super block | options | data and fragment blocks | inodes | directories |
 *   fragment table | export table | id table | xattr table
 */
import { EXIT, OnibError } from '../../../core/errors.js';

export const MAGIC = 0x73717368;
export const SUPER_SIZE = 96;
export const METADATA_SIZE = 8192;
/** Bit of a metadata block's 16-bit header: stored as it is. */
export const METADATA_RAW = 0x8000;
/** Bit of a data or fragment block's 32-bit size: stored as it is. */
export const BLOCK_RAW = 0x1000000;
export const BLOCK_SIZE_MASK = 0xffffff;
export const NO_FRAGMENT = 0xffffffff;
export const NO_XATTR = 0xffffffff;
/** Attributes of other namespaces have no place. */
export const XATTR_NAMESPACES = ['user.', 'trusted.', 'security.'] as const;
/** In an attribute's namespace: its value is the place of one that stands elsewhere. */
export const XATTR_VALUE_ELSEWHERE = 0x100;
/** Start of a table that is not there. */
export const NO_TABLE = 0xffff_ffff_ffff_ffffn;
/** Images end at a multiple of this, so that a loop device can hold them. */
export const DEVICE_BLOCK = 4096;
/** Directory listings: most entries of a run, bytes of its header, bytes of an entry before the name. */
export const LISTING = { maxRun: 256, header: 12, entry: 8 } as const;
export const MIN_BLOCK_SIZE = 4096;
export const MAX_BLOCK_SIZE = 1_048_576;

/** Where a block of files' tails stands. */
export interface FragmentBlock {
  readonly start: number;
  /** Its size as stored, with {@link BLOCK_RAW}. */
  readonly sizeWord: number;
}

export const FLAG = {
  uncompressedInodes: 0x0001,
  uncompressedData: 0x0002,
  noFragments: 0x0010,
  alwaysFragments: 0x0020,
  exportable: 0x0080,
  noXattrs: 0x0200,
  compressorOptions: 0x0400,
} as const;

export type Compressor = 'xz' | 'zstd' | 'gzip' | 'lz4';

export const COMPRESSOR_ID: Readonly<Record<Compressor, number>> = {
  gzip: 1,
  xz: 4,
  lz4: 5,
  zstd: 6,
};

export interface SuperBlock {
  readonly inodeCount: number;
  /** Seconds since 1970. */
  readonly modified: number;
  readonly blockSize: number;
  readonly fragmentCount: number;
  readonly compressorId: number;
  readonly flags: number;
  readonly idCount: number;
  readonly rootInode: bigint;
  readonly bytesUsed: bigint;
  readonly idTable: bigint;
  readonly xattrTable: bigint;
  readonly inodeTable: bigint;
  readonly directoryTable: bigint;
  readonly fragmentTable: bigint;
  readonly exportTable: bigint;
}

/*
 *  0 magic u32            4 inodes u32          8 modified u32       12 block size u32
 * 16 fragments u32       20 compressor u16     22 block log u16      24 flags u16
 * 26 ids u16             28 major u16 = 4      30 minor u16 = 0      32 root inode u64
 * 40 bytes used u64      48 id table u64       56 xattr table u64    64 inode table u64
 * 72 directory table u64 80 fragment table u64 88 export table u64
 */
export function encodeSuperBlock(block: SuperBlock): Buffer {
  const bytes = Buffer.alloc(SUPER_SIZE);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(block.inodeCount, 4);
  bytes.writeUInt32LE(block.modified, 8);
  bytes.writeUInt32LE(block.blockSize, 12);
  bytes.writeUInt32LE(block.fragmentCount, 16);
  bytes.writeUInt16LE(block.compressorId, 20);
  bytes.writeUInt16LE(Math.log2(block.blockSize), 22);
  bytes.writeUInt16LE(block.flags, 24);
  bytes.writeUInt16LE(block.idCount, 26);
  bytes.writeUInt16LE(4, 28);
  bytes.writeUInt16LE(0, 30);
  bytes.writeBigUInt64LE(block.rootInode, 32);
  bytes.writeBigUInt64LE(block.bytesUsed, 40);
  bytes.writeBigUInt64LE(block.idTable, 48);
  bytes.writeBigUInt64LE(block.xattrTable, 56);
  bytes.writeBigUInt64LE(block.inodeTable, 64);
  bytes.writeBigUInt64LE(block.directoryTable, 72);
  bytes.writeBigUInt64LE(block.fragmentTable, 80);
  bytes.writeBigUInt64LE(block.exportTable, 88);
  return bytes;
}

/** What `packSquashfs` compresses with; checked by {@link checkCompression}. */
export interface CompressionSettings {
  readonly compressor: Compressor;
  /** gzip 1–9, xz 0–9, zstd 1–22, lz4 1 (fast) or 12 (high compression). */
  readonly level?: number;
  /** Bytes; a power of two from 4 KiB to 1 MiB. */
  readonly blockSize: number;
}

/** First, last and default level. */
const LEVELS: Readonly<Record<Compressor, readonly [number, number, number]>> = {
  gzip: [1, 9, 9],
  xz: [0, 9, 6],
  zstd: [1, 22, 15],
  lz4: [1, 12, 1],
};

/** @throws {OnibError} `SQUASHFS_SETTINGS` (exit 2) */
export function checkCompression({ compressor, level, blockSize }: CompressionSettings): void {
  const [first, last] = LEVELS[compressor];
  if (
    level !== undefined &&
    (!Number.isInteger(level) ||
      level < first ||
      level > last ||
      (compressor === 'lz4' && level !== 1 && level !== 12))
  ) {
    throw settingsError(
      `level ${String(level)} of ${compressor} does not exist`,
      compressor === 'lz4' ? '1 or 12' : `${String(first)} to ${String(last)}`,
    );
  }
  if (
    !Number.isInteger(Math.log2(blockSize)) ||
    blockSize < MIN_BLOCK_SIZE ||
    blockSize > MAX_BLOCK_SIZE
  ) {
    throw settingsError(
      `a block size of ${String(blockSize)} does not exist`,
      'a power of two from 4096 to 1048576',
    );
  }
}

function settingsError(what: string, allowed: string): OnibError {
  return new OnibError('SQUASHFS_SETTINGS', `Cannot compress a squashfs: ${what}`, {
    hint: `use ${allowed}`,
    exitCode: EXIT.usage,
  });
}

/** The level that is used when none is given. */
export function effectiveLevel({ compressor, level }: CompressionSettings): number {
  return level ?? LEVELS[compressor][2];
}

/** lz4's high compression mode: a flag, in the library and in the image. */
export const LZ4_HIGH = 1;

/**
 * The compressor options that stand after the super block, without their block header; undefined
 * when all are the format's defaults. Kernels refuse lz4 without them.
 *
 *   gzip: level u32, window u16, strategies u16 · zstd: level u32 · lz4: version u32 = 1, flags u32
 */
export function encodeCompressorOptions(settings: CompressionSettings): Buffer | undefined {
  const { compressor } = settings;
  const level = effectiveLevel(settings);
  if (compressor === 'lz4') return u32s(1, level > 1 ? LZ4_HIGH : 0);
  if (level === LEVELS[compressor][2] || compressor === 'xz') return undefined;
  if (compressor === 'zstd') return u32s(level);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(level, 0);
  bytes.writeUInt16LE(15, 4);
  return bytes;
}

function u32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32LE(value, 4 * index));
  return bytes;
}
