/**
 * libsquashfs (squashfs-tools-ng, Debian package libsquashfs1) through koffi: its block compressors.
 *
 * The library's do_block is a pointer in the compressor object. A compressor serves one call at a
 * time; koffi runs `.async` calls on the libuv thread pool.
 */
import koffi, { type LibraryHandle, type TypeObject } from 'koffi';
import { OnibError } from '../core/errors.js';
import { sharedLibrary } from './shared-library.js';

/** sqfs_compressor_config_t of sqfs/compressor.h; `opt` is the union of the backends' options. */
interface CompressorConfig {
  id: number;
  flags: number;
  block_size: number;
  level: number;
  opt: BigUint64Array;
}

/** Bytes written, 0 when the result would not be smaller, negative for an error of sqfs/error.h. */
type DoBlock = ((
  compressor: bigint,
  input: Buffer,
  size: number,
  output: Buffer,
  outputSize: number,
) => number) & {
  readonly async: (
    compressor: bigint,
    input: Buffer,
    size: number,
    output: Buffer,
    outputSize: number,
    done: (error: unknown, result: number) => void,
  ) => void;
};

interface Library {
  readonly configInit: (
    config: Partial<CompressorConfig>,
    id: number,
    blockSize: number,
    flags: number,
  ) => number;
  readonly create: (config: CompressorConfig, out: [bigint | null]) => number;
  readonly doBlockType: TypeObject;
  readonly destroyType: TypeObject;
}

let loaded: Library | undefined;

function library(): Library {
  loaded ??= bind(sharedLibrary('libsquashfs.so.1', 'libsquashfs1', 'LIBSQUASHFS_MISSING'));
  return loaded;
}

function bind(handle: LibraryHandle): Library {
  const config = koffi.struct({
    id: 'uint16',
    flags: 'uint16',
    block_size: 'uint32',
    level: 'uint32',
    opt: koffi.array('uint64', 2),
  });
  return {
    configInit: handle.func('sqfs_compressor_config_init', 'int', [
      koffi.out(koffi.pointer(config)),
      'int',
      'size_t',
      'uint16',
    ]) as Library['configInit'],
    create: handle.func('sqfs_compressor_create', 'int', [
      koffi.pointer(config),
      koffi.out(koffi.pointer('void *')),
    ]) as Library['create'],
    doBlockType: koffi.proto('int32', ['void *', 'uint8_t *', 'uint32', 'uint8_t *', 'uint32']),
    destroyType: koffi.proto('void', ['void *']),
  };
}

/** The libraries that libsquashfs compresses with, and the function that tells their version. */
const VERSION_CALLS = {
  gzip: ['libz.so.1', 'zlib1g', 'zlibVersion'],
  xz: ['liblzma.so.5', 'liblzma5', 'lzma_version_string'],
  lz4: ['liblz4.so.1', 'liblz4-1', 'LZ4_versionString'],
  zstd: ['libzstd.so.1', 'libzstd1', 'ZSTD_versionString'],
} as const;

/** Version of the library behind a compressor, e.g. `1.5.4`: another one may give other bytes. */
export function compressionLibraryVersion(compressor: keyof typeof VERSION_CALLS): string {
  library(); // It brings the others along.
  const [file, debianPackage, call] = VERSION_CALLS[compressor];
  const version = sharedLibrary(file, debianPackage).func(call, 'str', []) as () => string;
  return version();
}

/** Places in sqfs_compressor_t: the base object's destroy and copy come first. */
const POINTERS = 6;
const DESTROY = 0;
const DO_BLOCK = 5;

export const FLAG_UNCOMPRESS = 0x8000;

export interface CompressorSettings {
  /** SQFS_COMPRESSOR of sqfs/super.h. */
  readonly id: number;
  readonly blockSize: number;
  /** SQFS_COMP_FLAG of sqfs/compressor.h. */
  readonly flags: number;
  /** Undefined: the library's default. */
  readonly level: number | undefined;
}

/** One compressor object of libsquashfs; `close` frees it. */
export class NativeCompressor {
  private readonly object: bigint;
  private readonly doBlock: DoBlock;
  private readonly destroy: (object: bigint) => void;

  /** @throws {OnibError} `LIBSQUASHFS_MISSING`, `SQUASHFS_COMPRESSOR` */
  constructor(settings: CompressorSettings) {
    const { configInit, create, doBlockType, destroyType } = library();
    const config: Partial<CompressorConfig> = {};
    const out: [bigint | null] = [null];
    let status = configInit(config, settings.id, settings.blockSize, settings.flags);
    if (status === 0) {
      if (settings.level !== undefined) config.level = settings.level;
      status = create(config as CompressorConfig, out);
    }
    if (status !== 0 || out[0] === null) {
      throw new OnibError(
        'SQUASHFS_COMPRESSOR',
        `Cannot use squashfs compressor ${String(settings.id)} with level ${String(settings.level)} and blocks of ${String(settings.blockSize)}: libsquashfs refuses it with error ${String(status)}`,
      );
    }
    this.object = out[0];
    const pointers = koffi.decode(this.object, koffi.array('void *', POINTERS)) as bigint[];
    this.doBlock = koffi.decode(pointers[DO_BLOCK], doBlockType) as DoBlock;
    this.destroy = koffi.decode(pointers[DESTROY], destroyType) as (object: bigint) => void;
  }

  /** Bytes written to `output`; 0 when they would not be fewer than `size`; negative for an error. */
  runSync(input: Buffer, size: number, output: Buffer, outputSize: number): number {
    return this.doBlock(this.object, input, size, output, outputSize);
  }

  /** As {@link runSync}, on the thread pool; both buffers stay alive and must stay untouched. */
  run(input: Buffer, size: number, output: Buffer, outputSize: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.doBlock.async(this.object, input, size, output, outputSize, (error, result) => {
        // The closure holds the buffers: koffi passes only their addresses.
        if (error === null && input.length >= size && output.length >= outputSize) resolve(result);
        else reject(error instanceof Error ? error : new Error('do_block: buffer too small'));
      });
    });
  }

  close(): void {
    this.destroy(this.object);
  }
}
