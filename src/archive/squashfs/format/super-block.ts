/** Reads and checks the super block: everything that is read later relies on these bounds. */
import { corrupt, safeNumber } from './corrupt.js';
import {
  COMPRESSOR_ID,
  MAGIC,
  MAX_BLOCK_SIZE,
  MIN_BLOCK_SIZE,
  NO_TABLE,
  SUPER_SIZE,
  type Compressor,
} from './format.js';

/** Places are bytes of the image. */
export interface CheckedSuperBlock {
  readonly inodeCount: number;
  readonly modified: number;
  readonly blockSize: number;
  readonly compressor: Compressor;
  readonly fragmentCount: number;
  readonly idCount: number;
  readonly rootBlock: number;
  readonly rootOffset: number;
  readonly bytesUsed: number;
  readonly inodeTable: number;
  readonly directoryTable: number;
  /** Where the last directory metadata may end. */
  readonly directoryEnd: number;
  readonly idTable: number;
  readonly fragmentTable: number | undefined;
  readonly xattrTable: number | undefined;
}

/** @throws {OnibError} `ARCHIVE_CORRUPT` */
export function decodeSuperBlock(bytes: Buffer, fileSize: number): CheckedSuperBlock {
  if (bytes.length < SUPER_SIZE || bytes.readUInt32LE(0) !== MAGIC) {
    throw corrupt('it does not begin with a squashfs super block');
  }
  const version = `${String(bytes.readUInt16LE(28))}.${String(bytes.readUInt16LE(30))}`;
  if (version !== '4.0') throw corrupt(`its format has version ${version}, not 4.0`);
  const blockSize = bytes.readUInt32LE(12);
  if (
    blockSize !== 2 ** bytes.readUInt16LE(22) ||
    blockSize < MIN_BLOCK_SIZE ||
    blockSize > MAX_BLOCK_SIZE
  ) {
    throw corrupt(`a block size of ${String(blockSize)} does not exist`);
  }
  const bytesUsed = safeNumber(bytes.readBigUInt64LE(40), 'its size');
  if (bytesUsed > fileSize) {
    throw corrupt(`it should have ${String(bytesUsed)} bytes and has ${String(fileSize)}`);
  }
  const table = (at: number, what: string): number | undefined => {
    const place = bytes.readBigUInt64LE(at);
    if (place === NO_TABLE) return undefined;
    if (place < BigInt(SUPER_SIZE) || place >= BigInt(bytesUsed))
      throw corrupt(`the ${what} is outside`);
    return Number(place);
  };
  const needed = (at: number, what: string): number => {
    const place = table(at, what);
    if (place === undefined) throw corrupt(`it has no ${what}`);
    return place;
  };
  const inodeTable = needed(64, 'inode table');
  const directoryTable = needed(72, 'directory table');
  const fragmentTable = table(80, 'fragment table');
  const exportTable = table(88, 'export table');
  const idTable = needed(48, 'id table');
  const xattrTable = table(56, 'attribute table');
  const directoryEnd = Math.min(fragmentTable ?? idTable, exportTable ?? idTable, idTable);
  if (inodeTable >= directoryTable || directoryTable > directoryEnd) {
    throw corrupt('its tables are not in order');
  }
  const root = bytes.readBigUInt64LE(32);
  return {
    inodeCount: bytes.readUInt32LE(0 + 4),
    modified: bytes.readUInt32LE(8),
    blockSize,
    compressor: compressorOf(bytes.readUInt16LE(20)),
    fragmentCount: bytes.readUInt32LE(16),
    idCount: bytes.readUInt16LE(26),
    rootBlock: safeNumber(root >> 16n, 'the place of the root'),
    rootOffset: Number(root & 0xffffn),
    bytesUsed,
    inodeTable,
    directoryTable,
    directoryEnd,
    idTable,
    fragmentTable,
    xattrTable,
  };
}

function compressorOf(id: number): Compressor {
  for (const [name, known] of Object.entries(COMPRESSOR_ID)) {
    if (known === id) return name as Compressor;
  }
  throw corrupt(`compressor ${String(id)} is not known here`);
}
