/** What the bytes of a compressed block depend on, beside the block itself. */
import { createHash } from 'node:crypto';
import { effectiveLevel, type CompressionSettings } from '../format/format.js';
import { compressionLibraryVersion } from '../../../native/libsquashfs.js';

/** Raised when blocks are cut or compressed in another way than before. */
const LAYOUT = 3;

/** 32 bytes; blocks that were compressed under equal fingerprints are interchangeable. */
export function compressionFingerprint(compression: CompressionSettings): Buffer {
  const { compressor, blockSize } = compression;
  const library = compressionLibraryVersion(compressor);
  const facts = [LAYOUT, compressor, effectiveLevel(compression), blockSize, library];
  return createHash('sha256').update(JSON.stringify(facts)).digest();
}
