/**
 * The text of what went into artifacts, so that `onib why` can name lines:
 *
 *   <store>/inputs/<64 hex digits of the input's digest>
 *
 * Kept are role files, templates and plugins: text, and not large. They may hold what a project keeps
 * secret, so nobody but the store's owner reads them.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Store } from './store.js';

export const INPUT_TEXTS = 'inputs';

/** Bytes; what is larger changes as a whole. */
const LARGEST_TEXT = 256 * 1024;
const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** Only these name files; values of others are digests of what nobody keeps, or plain words. */
const FILE_INPUT = /^(?:role|file|template) /;

function textFile(store: Store, digest: string): string | undefined {
  const hex = DIGEST.exec(digest)?.[1];
  return hex === undefined ? undefined : path.join(store.directory, INPUT_TEXTS, hex);
}

/** Where the texts of these inputs are, when they are kept. */
export function inputTextFiles(store: Store, inputs: Readonly<Record<string, string>>): string[] {
  return Object.entries(inputs).flatMap(([name, value]) => {
    const file = FILE_INPUT.test(name) ? textFile(store, value) : undefined;
    return file === undefined ? [] : [file];
  });
}

/**
 * Keeps the texts of inputs that are not kept yet.
 *
 * @param readInput The content of the input of that name and digest; undefined when it is gone or has changed.
 */
export async function keepInputTexts(
  store: Store,
  inputs: Readonly<Record<string, string>>,
  readInput: (name: string, digest: string) => Promise<Buffer | undefined>,
): Promise<void> {
  const directory = path.join(store.directory, INPUT_TEXTS);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const [name, digest] of Object.entries(inputs)) {
    const file = FILE_INPUT.test(name) ? textFile(store, digest) : undefined;
    if (file === undefined || (await readOrNothing(file)) !== undefined) continue;
    const content = await readInput(name, digest);
    if (content === undefined || content.length > LARGEST_TEXT || content.includes(0)) continue;
    // The prefix is what the store clears when its next holder takes the lock.
    const fresh = path.join(directory, `.new-${path.basename(file)}`);
    await writeFile(fresh, content, { mode: 0o600 });
    await rename(fresh, file);
  }
}

/** Undefined where it was not kept. */
export async function inputText(store: Store, digest: string): Promise<string | undefined> {
  const file = textFile(store, digest);
  return file === undefined ? undefined : (await readOrNothing(file))?.toString('utf8');
}

async function readOrNothing(file: string): Promise<Buffer | undefined> {
  return await readFile(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
}
