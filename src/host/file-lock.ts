/**
 * An exclusive lock on a file, held by the kernel (flock(2)): it is gone when its holder is,
 * whatever ended it, so a stale lock cannot exist. The file says who holds it, for people.
 */
import { close, open, readFile, writeFile } from 'node:fs';
import { promisify } from 'node:util';
import { EXIT, OnibError } from '../core/errors.js';
import { tryLock } from '../native/flock.js';

const openFile = promisify(open);
const closeFile = promisify(close);
const readText = promisify(readFile);
const writeText = promisify(writeFile);

export class FileLock implements AsyncDisposable {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * @param holder One line on who takes the lock, shown to whoever finds it taken.
   * @throws {OnibError} `BUSY` (exit 4) when another process holds it.
   */
  static async take(file: string, holder: string): Promise<FileLock> {
    const fd = await openFile(file, 'a+', 0o644);
    try {
      await lockOrSayWho(fd, file);
      const since = new Date().toISOString();
      await writeText(file, `${holder}, process ${String(process.pid)}, since ${since}\n`);
    } catch (error) {
      await closeFile(fd);
      throw error;
    }
    return new FileLock(fd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeFile(this.#fd);
  }
}

async function lockOrSayWho(fd: number, file: string): Promise<void> {
  let taken: boolean;
  try {
    taken = tryLock(fd);
  } catch (cause) {
    const words = (cause as Error).message;
    throw new OnibError('LOCK_FAILED', `Cannot lock "${file}": ${words}`, { cause });
  }
  if (taken) return;
  const other = (await readText(file, 'utf8')).trim();
  throw new OnibError('BUSY', `Cannot lock "${file}": held by ${other}`, {
    exitCode: EXIT.busy,
    hint: 'wait until that process has ended',
  });
}
