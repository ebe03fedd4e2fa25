/**
 * Objects of the store on their way to many readers: from memory where they fit, since a rack asks for the
 * same few; else from the file. What goes into memory is checked against its digest.
 */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import { OnibError } from '../../src/core/errors.js';
import type { ServedObject } from './served-object.js';

export type Content =
  | { readonly kind: 'memory'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly handle: FileHandle };

const MIB = 1024 * 1024;
/** A release's objects take about 160 MiB. */
const LARGEST_CACHE = 768 * MIB;

export function defaultCacheBytes(): number {
  return Math.min(LARGEST_CACHE, Math.floor(totalmem() / 4));
}

export class ObjectReader {
  readonly #directory: string;
  readonly #limit: number;
  readonly #cache: LRUCache<string, Promise<Buffer>>;

  /** @param limit bytes to keep in memory */
  constructor(store: string, limit: number) {
    this.#directory = path.join(store, 'objects');
    this.#limit = limit;
    this.#cache = new LRUCache({ maxSize: Math.max(1, Math.floor(limit)) });
  }

  /** @throws OnibError OBJECT_MISSING, OBJECT_UNREADABLE, OBJECT_DAMAGED. A file handle is the caller's to close. */
  async open(object: ServedObject): Promise<Content> {
    if (object.size > this.#limit / 2) {
      return { kind: 'file', handle: await this.#openFile(object) };
    }
    return { kind: 'memory', bytes: await this.#cached(object) };
  }

  #cached(object: ServedObject): Promise<Buffer> {
    const present = this.#cache.get(object.sha256);
    if (present !== undefined) return present;
    const bytes = this.#read(object);
    this.#cache.set(object.sha256, bytes, { size: Math.max(1, object.size) });
    // Not kept: the file may be put right.
    bytes.catch(() => {
      if (this.#cache.peek(object.sha256) === bytes) this.#cache.delete(object.sha256);
    });
    return bytes;
  }

  async #read(object: ServedObject): Promise<Buffer> {
    const handle = await this.#openFile(object);
    try {
      return await readChecked(handle, object);
    } finally {
      await handle.close();
    }
  }

  async #openFile(object: ServedObject): Promise<FileHandle> {
    const file = path.join(this.#directory, object.sha256);
    const handle = await open(file, 'r').catch((error: unknown) => {
      throw unreadable(object, error);
    });
    const { size } = await handle.stat();
    if (size === object.size) return handle;
    await handle.close();
    throw damaged(object, `it has ${String(size)} bytes instead of ${String(object.size)}`);
  }
}

/** Piece by piece, so that other requests are served meanwhile. */
export async function readChecked(handle: FileHandle, object: ServedObject): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(object.size);
  const hash = createHash('sha256');
  let offset = 0;
  while (offset < object.size) {
    const { bytesRead } = await handle.read(
      bytes,
      offset,
      Math.min(MIB, object.size - offset),
      offset,
    );
    if (bytesRead === 0) throw damaged(object, 'it ends too early');
    hash.update(bytes.subarray(offset, offset + bytesRead));
    offset += bytesRead;
  }
  if (hash.digest('hex') !== object.sha256)
    throw damaged(object, 'its bytes do not match its name');
  return bytes;
}

function damaged(object: ServedObject, what: string): OnibError {
  return new OnibError('OBJECT_DAMAGED', `Cannot serve object "${object.sha256}": ${what}`, {
    hint: 'onib verify; onib build all makes it again, onib push copies it again',
  });
}

function unreadable(object: ServedObject, error: unknown): OnibError {
  const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const words = error instanceof Error ? error.message : String(error);
  return new OnibError(
    isGone ? 'OBJECT_MISSING' : 'OBJECT_UNREADABLE',
    `Cannot serve object "${object.sha256}": ${words}`,
    {
      hint: isGone
        ? 'onib build all makes it again, onib push copies it again'
        : 'the user that the server runs as must be able to read the store',
      cause: error,
    },
  );
}
