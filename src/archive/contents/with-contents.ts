/** Looks into artifacts without root and without mounting: squashfs images, cpio archives, initrds. */
import { open } from 'node:fs/promises';
import { EXIT, OnibError } from '../../core/errors.js';
import { MAGIC } from '../squashfs/format/format.js';
import { withSquashfs } from '../squashfs/read/image.js';
import { cpioContents } from './cpio-contents.js';
import type { ArtifactContents } from './entry.js';
import { compressionOf, MAGIC_SIZE } from './segments.js';
import { squashfsContents } from './squashfs-contents.js';

export type { ArtifactContents, ContentEntry } from './entry.js';

/** What a file is by its first bytes; undefined for what holds no tree. */
export async function archiveFormat(file: string): Promise<'squashfs' | 'cpio' | undefined> {
  const head = await firstBytes(file);
  if (head.length >= 4 && head.readUInt32LE(0) === MAGIC) return 'squashfs';
  return compressionOf(head) === undefined ? undefined : 'cpio';
}

/**
 * Opens an artifact, gives what it holds to `use` and closes it.
 *
 * @throws {OnibError} `ARCHIVE_MISSING`, `ARCHIVE_CORRUPT`, `ARCHIVE_COMPRESSION`, `ARCHIVE_UNKNOWN`
 */
export async function withContents<T>(
  file: string,
  use: (contents: ArtifactContents) => Promise<T> | T,
): Promise<T> {
  switch (await archiveFormat(file)) {
    case 'squashfs':
      return await withSquashfs(file, async (image) => await use(squashfsContents(image)));
    case 'cpio':
      return await withFileName(file, async () => await use(await cpioContents(file)));
    case undefined:
      throw new OnibError(
        'ARCHIVE_UNKNOWN',
        `Cannot look into "${file}": it is neither squashfs nor cpio`,
        { exitCode: EXIT.usage },
      );
  }
}

async function withFileName<T>(file: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof OnibError) || !error.message.includes('the cpio archive')) throw error;
    throw new OnibError(error.code, error.message.replace('the cpio archive', `"${file}"`), {
      hint: error.hint ?? 'fetch or build it again',
      cause: error,
    });
  }
}

async function firstBytes(file: string): Promise<Buffer> {
  let handle;
  try {
    handle = await open(file, 'r');
  } catch (cause) {
    throw new OnibError('ARCHIVE_MISSING', `Cannot read "${file}": there is no such file`, {
      cause,
      exitCode: EXIT.usage,
    });
  }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC_SIZE), 0, MAGIC_SIZE, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
