/**
 * `onib.lock` in the project. A build reads it and uses no other versions; what a build installed
 * anew is added when it has ended.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { EXIT, OnibError } from '../core/errors.js';
import { replaceFile } from '../host/whole-file.js';
import type { Digest } from '../core/digest.js';
import {
  formatLock,
  LOCK_FILE,
  LOCK_SCHEMA,
  type ImageLock,
  type LockedPackage,
  type PackageLock,
} from './model.js';

/** @throws {OnibError} `LOCK_FILE` (exit 2) when it is not a lock of this schema. */
export function parseLock(text: string): PackageLock {
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    throw brokenLock(`it is not YAML (${(cause as Error).message.split('\n')[0] ?? ''})`);
  }
  const { schema, images } = (content ?? {}) as { schema?: unknown; images?: unknown };
  if (schema !== LOCK_SCHEMA) throw brokenLock(`its schema is not ${LOCK_SCHEMA}`);
  if (typeof images !== 'object' || images === null) throw brokenLock('it names no images');
  return Object.fromEntries(
    Object.entries(images).map(([name, image]) => [name, parseImage(name, image)]),
  );
}

function parseImage(name: string, image: unknown): ImageLock {
  const { suite, architecture, request, packages } = (image ?? {}) as Readonly<
    Record<string, unknown>
  >;
  if (!isDigest(request) || !Array.isArray(packages)) {
    throw brokenLock(`image "${name}" has no request or no list of packages`);
  }
  return {
    ...(typeof suite === 'string' ? { suite } : {}),
    ...(typeof architecture === 'string' ? { architecture } : {}),
    request,
    packages: packages.map((line: unknown) => parsePackage(String(line))),
  };
}

function parsePackage(line: string): LockedPackage {
  const [name, version, architecture, digest, size, file, ...rest] = line.split(' ');
  if (name === undefined || version === undefined || architecture === undefined || rest.length > 0)
    throw brokenLock(`"${line}" is no package`);
  if (digest === undefined) return { name, version, architecture };
  if (!isDigest(digest) || !/^\d+$/.test(size ?? '') || !isSafePath(file)) {
    throw brokenLock(`"${line}" is no package`);
  }
  return { name, version, architecture, digest, size: Number(size), file };
}

function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
}

/** It is appended to a mirror's address. */
function isSafePath(file: string | undefined): file is string {
  return (
    file !== undefined && /^(?!\.\.?\/)[\w+.~%:-]+(?:\/(?!\.\.?(?:\/|$))[\w+.~%:-]+)*$/.test(file)
  );
}

function brokenLock(why: string): OnibError {
  return new OnibError('LOCK_FILE', `Cannot use "${LOCK_FILE}": ${why}`, {
    exitCode: EXIT.usage,
    where: { file: LOCK_FILE },
    hint: 'restore it from version control, or delete it: the next build writes a new one',
  });
}

/** An empty lock when the project has none yet. */
export async function readLock(root: string): Promise<PackageLock> {
  try {
    return parseLock(await readFile(path.join(root, LOCK_FILE), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Writes the lock, unless it says the same already. */
export async function writeLock(root: string, lock: PackageLock): Promise<void> {
  const file = path.join(root, LOCK_FILE);
  const text = formatLock(lock);
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== before) await replaceFile(file, text);
}
