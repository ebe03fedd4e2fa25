/**
 * `onib.lock` in the project. A build reads it and uses no other versions; what a build installed
 * anew is added when it has ended.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import * as v from 'valibot';
import { architecture, digest, isDigest } from '../contract/forms.js';
import { checked, Unfit, type Schema } from '../core/checked.js';
import { EXIT, OnibError } from '../core/errors.js';
import { replaceFile } from '../host/whole-file.js';
import {
  formatLock,
  LOCK_FILE,
  LOCK_SCHEMA,
  type ImageLock,
  type LockedPackage,
  type PackageLock,
} from './model.js';

/** It is appended to a mirror's address. */
const SAFE_PATH = /^(?!\.\.?\/)[\w+.~%:-]+(?:\/(?!\.\.?(?:\/|$))[\w+.~%:-]+)*$/;

const PACKAGE_LINE =
  'a package: name, version, architecture, and digest, size and path of its file';

const packageLine: Schema<LockedPackage> = v.pipe(
  v.string(PACKAGE_LINE),
  v.rawTransform(({ dataset, addIssue, NEVER }): LockedPackage => {
    const found = parsePackage(dataset.value);
    if (found === undefined) addIssue({ message: PACKAGE_LINE });
    return found ?? NEVER;
  }),
);

const image: Schema<ImageLock> = v.looseObject({
  suite: v.exactOptional(v.string()),
  architecture: v.exactOptional(architecture),
  request: digest,
  packages: v.array(packageLine),
});

const lockContent: Schema<{ readonly images: PackageLock }> = v.looseObject({
  schema: v.literal(LOCK_SCHEMA),
  images: v.record(v.string(), image),
});

/** @throws {OnibError} `LOCK_FILE` (exit 2) when it is not a lock of this schema. */
export function parseLock(text: string): PackageLock {
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    throw brokenLock(`it is not YAML (${(cause as Error).message.split('\n')[0] ?? ''})`);
  }
  try {
    return checked(content, lockContent).images;
  } catch (error) {
    throw error instanceof Unfit ? brokenLock(error.message) : error;
  }
}

function parsePackage(line: string): LockedPackage | undefined {
  const [name, version, architecture, digest, size, file, ...rest] = line.split(' ');
  if (name === undefined || version === undefined || architecture === undefined) return undefined;
  if (rest.length > 0) return undefined;
  if (digest === undefined) return { name, version, architecture };
  if (!isDigest(digest) || !/^\d+$/.test(size ?? '')) return undefined;
  if (file === undefined || !SAFE_PATH.test(file)) return undefined;
  return { name, version, architecture, digest, size: Number(size), file };
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
