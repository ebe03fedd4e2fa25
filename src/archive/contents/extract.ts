/**
 * Unpacks an artifact into a directory of its own. Whatever the artifact says, nothing is written
 * outside: every parent is a directory that was made here, and no name is opened that is there already.
 *
 * Without root, owners, device nodes and attributes of the system stay behind, and are counted.
 */
import { constants } from 'node:fs';
import { chmod, lchown, link, lutimes, mkdir, open, symlink } from 'node:fs/promises';
import { EXIT, OnibError } from '../../core/errors.js';
import {
  bytesOf,
  byteString,
  displayName,
  joinPath,
  type ByteString,
} from '../../core/byte-string.js';
import { makeNode } from '../../native/mknod.js';
import { setXattr } from '../../native/xattr.js';
import { TYPE_BITS } from '../tree/tree.js';
import type { ArtifactContents, ContentEntry } from './entry.js';

export interface Extracted {
  readonly entries: number;
  /** Names that could not be made, or not with all that belongs to them, since that needs root. */
  readonly incomplete: number;
}

/**
 * @param directory must not exist
 * @throws {OnibError} `EXTRACT_TARGET`, `ARCHIVE_CORRUPT`
 */
export async function extractContents(
  contents: ArtifactContents,
  directory: string,
): Promise<Extracted> {
  await makeTarget(directory);
  const extraction = new Extraction(contents, byteString(directory));
  await extraction.run();
  return { entries: contents.entries.size, incomplete: extraction.incomplete.size };
}

async function makeTarget(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const what = exists ? 'it is there already' : 'it cannot be made';
    throw new OnibError('EXTRACT_TARGET', `Cannot extract to "${directory}": ${what}`, {
      hint: 'name a directory that is not there, in one that is',
      exitCode: EXIT.usage,
      cause,
    });
  }
}

class Extraction {
  readonly incomplete = new Set<ByteString>();
  private readonly directories = new Set<ByteString>(['']);
  /** First name of each linked file. */
  private readonly linked = new Map<string, ByteString>();

  constructor(
    private readonly contents: ArtifactContents,
    private readonly target: ByteString,
  ) {}

  async run(): Promise<void> {
    const entries = [...this.contents.entries.values()];
    for (const entry of entries) await this.make(entry);
    const own = (path: ByteString): boolean => {
      const shared = this.contents.entries.get(path)?.link;
      return shared === undefined || this.linked.get(shared) === path;
    };
    for await (const { path, bytes } of this.contents.files(own)) await this.fill(path, bytes);
    for (const { kind, link: shared, path } of entries) {
      const first = kind === 'file' && shared !== undefined ? this.linked.get(shared) : undefined;
      if (first !== undefined && first !== path) await link(this.place(first), this.place(path));
    }
    // What comes into a directory changes its time, and a mode may forbid that anything does.
    for (const entry of entries.reverse()) await this.finish(entry);
  }

  private full(path: ByteString): ByteString {
    return path === '' ? this.target : joinPath(this.target, path);
  }

  private place(path: ByteString): Buffer {
    return bytesOf(this.full(path));
  }

  private async make(entry: ContentEntry): Promise<void> {
    const { path, kind, target = '' } = entry;
    if (path === '') return;
    await this.makeParent(path);
    switch (kind) {
      case 'directory':
        if (!this.directories.has(path)) await mkdir(this.place(path), { mode: 0o700 });
        this.directories.add(path);
        return;
      case 'symlink':
        await symlink(bytesOf(target), this.place(path));
        return;
      case 'file':
        if (entry.link !== undefined && !this.linked.has(entry.link)) {
          this.linked.set(entry.link, path);
        }
        return;
      default:
        this.asRoot(path, () => {
          makeNode(
            this.full(path),
            TYPE_BITS[kind] | 0o600,
            entry.device ?? { major: 0, minor: 0 },
          );
        });
    }
  }

  /** An archive may leave out directories; it may not put a name below something else. */
  private async makeParent(path: ByteString): Promise<void> {
    const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    if (this.directories.has(parent)) return;
    if (this.contents.entries.has(parent)) {
      throw new OnibError(
        'ARCHIVE_CORRUPT',
        `Cannot extract "${displayName(path)}": what is above it is no directory`,
      );
    }
    await this.makeParent(parent);
    await mkdir(this.place(parent), { mode: 0o755 });
    this.directories.add(parent);
  }

  private async fill(path: ByteString, bytes: AsyncIterable<Buffer>): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await open(this.place(path), flags, 0o600);
    try {
      for await (const piece of bytes) await handle.writeFile(piece);
    } finally {
      await handle.close();
    }
  }

  private async finish(entry: ContentEntry): Promise<void> {
    const { path, kind, mode, uid, gid, mtime, xattrs } = entry;
    const isNode = kind !== 'file' && kind !== 'directory' && kind !== 'symlink';
    if (isNode && this.incomplete.has(path)) return;
    if (process.getuid?.() === 0) await lchown(this.place(path), uid, gid);
    else if (uid !== process.getuid?.() || gid !== process.getgid?.()) this.incomplete.add(path);
    if (kind !== 'symlink') await chmod(this.place(path), mode);
    for (const { name, value } of xattrs) {
      this.asRoot(path, () => {
        setXattr(this.full(path), name, value);
      });
    }
    // As a date: Node takes a number below zero for the present.
    const time = new Date(mtime * 1000);
    await lutimes(this.place(path), time, time);
  }

  private asRoot(path: ByteString, call: () => void): void {
    try {
      call();
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['EPERM', 'EACCES', 'ENOTSUP'].includes(code)) throw error;
      this.incomplete.add(path);
    }
  }
}
