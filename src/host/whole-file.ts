/**
 * Files that appear whole or not at all, whatever kills the writer.
 *
 * An O_TMPFILE file has no name until it is complete and on disk, so a killed writer leaves nothing
 * (open(2), linkat(2)). Where a file of the name has to give way, the new one gets a temporary name first
 * and is renamed (rename(2) replaces at once, linkat(2) never does). Filesystems without O_TMPFILE (NFS)
 * have the temporary name from the beginning.
 */
import { constants, createReadStream } from 'node:fs';
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { linkDescriptor } from '../native/linkat.js';

/** __O_TMPFILE of asm-generic/fcntl.h; Node has no name for it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const COPY_BYTES = 1024 * 1024;
const NO_TMPFILE = new Set(['EOPNOTSUPP', 'EISDIR', 'EINVAL']);

/** Temporary names end in this; `Store` removes what an earlier run on such a filesystem left. */
export const PARTIAL_SUFFIX = '.partial';

/**
 * Writes `file` through `write`, fsyncs it and gives it its name.
 *
 * @param replace Take the place of a file of this name.
 * @throws an error of the system; without `replace` its code is `EEXIST` when there is such a file
 */
export async function writeWholeFile(
  file: string,
  write: (handle: FileHandle) => Promise<void>,
  replace = false,
): Promise<void> {
  const handle = await openUnnamed(path.dirname(file));
  if (handle === undefined) {
    await writeUnderPartialName(file, write, replace);
    return;
  }
  try {
    await write(handle);
    await handle.sync();
    await giveName(handle, file, replace);
  } finally {
    await handle.close();
  }
}

async function giveName({ fd }: FileHandle, file: string, replace: boolean): Promise<void> {
  try {
    linkDescriptor(fd, file);
  } catch (error) {
    if (!replace || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const partial = partialName(file);
    try {
      linkDescriptor(fd, partial);
      await rename(partial, file);
    } finally {
      await rm(partial, { force: true });
    }
  }
}

/** Copies a file so that the copy appears whole or not at all, as `writeWholeFile` does. */
export async function copyWholeFile(source: string, file: string, replace = false): Promise<void> {
  const copy = async (handle: FileHandle): Promise<void> => {
    for await (const chunk of createReadStream(source, { highWaterMark: COPY_BYTES })) {
      await handle.writeFile(chunk as Buffer);
    }
  };
  await writeWholeFile(file, copy, replace);
}

/** Writes a small file in place of the one that has this name, so that a reader sees the old text or the new. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const write = async (handle: FileHandle): Promise<void> => {
    await handle.writeFile(text);
  };
  await writeWholeFile(file, write, true);
}

async function openUnnamed(directory: string): Promise<FileHandle | undefined> {
  try {
    return await open(directory, O_TMPFILE | constants.O_RDWR, 0o644);
  } catch (error) {
    if (NO_TMPFILE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

async function writeUnderPartialName(
  file: string,
  write: (handle: FileHandle) => Promise<void>,
  replace: boolean,
): Promise<void> {
  const partial = partialName(file);
  try {
    const handle = await open(partial, 'wx', 0o644);
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await (replace ? rename(partial, file) : link(partial, file));
  } finally {
    await rm(partial, { force: true });
  }
}

let partials = 0;

/** Two writers of one file do not meet, be they in one process. */
function partialName(file: string): string {
  return `${file}.${String(process.pid)}-${String(partials++)}${PARTIAL_SUFFIX}`;
}
