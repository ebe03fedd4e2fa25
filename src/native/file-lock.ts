/**
 * An exclusive lock on a file, held by the kernel (flock(2)): it is gone when its holder is,
 * whatever ended it, so a stale lock cannot exist. The file says who holds it, for people.
 */
import { close, open, readFile, writeFile } from 'node:fs';
import { promisify } from 'node:util';
import koffi from 'koffi';
import { EXIT, OnibError } from '../core/errors.js';

const LOCK_EX = 2;
const LOCK_NB = 4;
const EWOULDBLOCK = 11;

const openFile = promisify(open);
const closeFile = promisify(close);
const readText = promisify(readFile);
const writeText = promisify(writeFile);

const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)') as (
  fd: number,
  operation: number,
) => number;

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
    if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
      const reason = koffi.errno();
      await closeFile(fd);
      if (reason !== EWOULDBLOCK) {
        throw new OnibError(
          'LOCK_FAILED',
          `Cannot lock "${file}": flock gives errno ${String(reason)}`,
        );
      }
      const other = (await readText(file, 'utf8')).trim();
      throw new OnibError('BUSY', `Cannot lock "${file}": held by ${other}`, {
        exitCode: EXIT.busy,
        hint: 'wait until that process has ended',
      });
    }
    await writeText(
      file,
      `${holder}, process ${String(process.pid)}, since ${new Date().toISOString()}\n`,
    );
    return new FileLock(fd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeFile(this.#fd);
  }
}
