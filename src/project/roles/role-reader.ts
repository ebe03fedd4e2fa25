/**
 * Reads roles for a plan. Their files are asked for several times (digests, names, YAML), so that each
 * directory is walked, and each small file read and parsed, once.
 */
import { createReadStream } from 'node:fs';
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { Once } from '../../core/once.js';

export interface RoleFile {
  /** Relative to the directory that was walked. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Any execute bit is set: `copy` with `mode: preserve` carries it into the image. */
  readonly executable: boolean;
}

/** A YAML document that steers a role. */
export interface RoleDocument {
  readonly folder: string;
  /** Absolute path of its file's directory. */
  readonly directory: string;
  readonly document: unknown;
}

/** Left by editors and version control: not part of a role. */
const NOISE = /^(?:\.git|\.svn|\.DS_Store|__pycache__|\..*\.sw[a-p]|.*~|#.*#)$/;
/** Larger files are payload: a template or task file is text for people. */
const MAX_TEXT_BYTES = 1024 * 1024;

export class RoleReader {
  readonly #walks = new Once<readonly RoleFile[]>();
  readonly #contents = new Once<Buffer>();
  readonly #documents = new Once<readonly RoleDocument[]>();

  /** All files below a directory, symlinks followed, sorted by path. */
  async filesBelow(directory: string): Promise<readonly RoleFile[]> {
    return await this.#walks.get(directory, async () => filesBelow(directory));
  }

  /** A file's content in pieces. */
  async *bytes(directory: string, file: RoleFile): AsyncGenerator<Buffer> {
    if (file.size <= MAX_TEXT_BYTES) yield await this.#content(directory, file);
    else yield* createReadStream(path.join(directory, file.path)) as AsyncIterable<Buffer>;
  }

  /** A file's text, byte by byte; undefined where it is payload: large, binary, or no file at all. */
  async text(directory: string, file: RoleFile): Promise<string | undefined> {
    if (file.size > MAX_TEXT_BYTES) return undefined;
    const content = await this.#content(directory, file).catch(() => undefined);
    return content === undefined || content.includes(0) ? undefined : content.toString('latin1');
  }

  async #content(directory: string, file: RoleFile): Promise<Buffer> {
    const absolute = path.join(directory, file.path);
    return await this.#contents.get(absolute, async () => readFile(absolute));
  }

  /** The documents in `meta/`, `tasks/` and `handlers/` of a role. */
  async documents(role: string): Promise<readonly RoleDocument[]> {
    return await this.#documents.get(role, async () => {
      const documents: RoleDocument[] = [];
      for (const file of await this.filesBelow(role)) {
        const [folder = ''] = file.path.split('/');
        if (!/^(?:meta|tasks|handlers)\/.*\.(?:ya?ml|json)$/.test(file.path)) continue;
        const directory = path.dirname(path.join(role, file.path));
        const content = await this.#content(role, file);
        for (const document of parsedDocuments(content.toString('utf8'))) {
          documents.push({ folder, directory, document });
        }
      }
      return documents;
    });
  }
}

/** All files below a directory, symlinks followed, sorted by path. */
export async function filesBelow(directory: string): Promise<RoleFile[]> {
  const files: RoleFile[] = [];
  const walk = async (relative: string, above: readonly string[]): Promise<void> => {
    const here = path.join(directory, relative);
    const real = await realpath(here);
    // A symlink to a directory above would go round forever.
    if (above.includes(real)) return;
    for (const name of await readdir(here)) {
      if (NOISE.test(name)) continue;
      const child = path.posix.join(relative, name);
      const status = await stat(path.join(directory, child)).catch(() => undefined);
      if (status?.isDirectory() === true) await walk(child, [...above, real]);
      else files.push(await roleFile(directory, child));
    }
  };
  await walk('', []);
  return files.sort((left, right) => (left.path < right.path ? -1 : 1));
}

export async function roleFile(directory: string, file: string): Promise<RoleFile> {
  const status = await stat(path.join(directory, file)).catch(() => undefined);
  // A dangling symlink is still something that `copy` can carry over: its target counts.
  const size = status?.size ?? (await readlink(path.join(directory, file))).length;
  return { path: file, size, executable: ((status?.mode ?? 0) & 0o111) !== 0 };
}

/** Mistakes in a role's YAML are Ansible's to report, with its own words. */
function parsedDocuments(content: string): unknown[] {
  return [...parseAllDocuments(content, { lineCounter: new LineCounter(), logLevel: 'silent' })]
    .filter((document) => 'errors' in document && document.errors.length === 0)
    .map((document): unknown => document.toJS());
}
