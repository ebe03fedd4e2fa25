/** A regular file of a tree in pieces, and an error when it is not what the scan saw. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { bytesOf, joinPath } from '../../core/byte-string.js';
import { changedError, readError } from './errors.js';
import type { FileInode, Tree } from './tree.js';

/** An open file of the tree; read synchronously, for a worker thread. */
export class SourceFile {
  private constructor(
    private readonly tree: Tree,
    private readonly file: FileInode,
    readonly descriptor: number,
  ) {}

  /** Gives an open file to `use`, and makes sure before and after that it is what the scan saw. */
  static async open<T>(
    tree: Tree,
    file: FileInode,
    use: (source: SourceFile) => Promise<T>,
  ): Promise<T> {
    const source = SourceFile.openNow(tree, file);
    try {
      const result = await use(source);
      source.assertUnchanged();
      return result;
    } finally {
      closeSync(source.descriptor);
    }
  }

  static openNow(tree: Tree, file: FileInode): SourceFile {
    // A FIFO that took the file's place must not block; a link must not lead elsewhere.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    let descriptor: number;
    try {
      descriptor = openSync(bytesOf(joinPath(tree.source, file.path)), flags);
    } catch (error) {
      throw readError(tree.source, file.path, error);
    }
    const source = new SourceFile(tree, file, descriptor);
    try {
      source.assertUnchanged();
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    return source;
  }

  /** Fills `buffer` from byte `position` of the file. */
  read(buffer: Buffer, position: number): void {
    for (let done = 0; done < buffer.length;) {
      let count: number;
      try {
        count = readSync(this.descriptor, buffer, done, buffer.length - done, position + done);
      } catch (error) {
        throw readError(this.tree.source, this.file.path, error);
      }
      if (count === 0) throw this.changed();
      done += count;
    }
  }

  assertUnchanged(): void {
    const stat = fstatSync(this.descriptor, { bigint: true });
    const { size, stamp } = this.file;
    if (!stat.isFile() || Number(stat.size) !== size || stat.mtimeNs !== stamp)
      throw this.changed();
  }

  private changed(): Error {
    return changedError(this.tree.source, this.file.path, 'it changed while it was being packed');
  }
}

/** The file's bytes in pieces of at most `piece.length`, all in `piece` itself. */
export function* filePieces(tree: Tree, file: FileInode, piece: Buffer): Generator<Buffer> {
  const source = SourceFile.openNow(tree, file);
  try {
    for (let at = 0; at < file.size; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, file.size - at));
      source.read(part, at);
      yield part;
    }
    source.assertUnchanged();
  } finally {
    closeSync(source.descriptor);
  }
}
