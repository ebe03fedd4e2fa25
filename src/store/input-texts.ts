/**
 * The text of what went into artifacts, so that `onib why` can name lines:
 *
 *   <store>/inputs/<64 hex digits of the input's digest>
 *
 * Kept are role files, templates and plugins: text, and not large. They may hold what a project keeps
 * secret, so nobody but the store's owner reads them.
 */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, OnibError } from '../core/errors.js';
import { writeWholeFile } from '../host/whole-file.js';
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

/** Inputs that are texts, as `[name, digest]`. */
export function textInputs(inputs: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(inputs).filter(
    ([name, value]) => FILE_INPUT.test(name) && DIGEST.test(value),
  );
}

/**
 * Keeps the texts of inputs that are not kept yet.
 *
 * @param contents By digest; what is missing, large or no text is left out.
 */
export async function keepInputTexts(
  store: Store,
  inputs: Readonly<Record<string, string>>,
  contents: ReadonlyMap<string, Buffer>,
): Promise<void> {
  const directory = path.join(store.directory, INPUT_TEXTS);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const [, digest] of textInputs(inputs)) {
    const file = textFile(store, digest);
    if (file === undefined || (await readOrNothing(file)) !== undefined) continue;
    const content = contents.get(digest);
    if (content === undefined || content.length > LARGEST_TEXT || content.includes(0)) continue;
    await writeWholeFile(file, async (handle) => {
      await handle.chmod(0o600);
      await handle.writeFile(content);
    });
  }
}

/**
 * Undefined where it was not kept.
 *
 * @throws {OnibError} `INPUTS_PRIVATE` (exit 3)
 */
export async function inputText(store: Store, digest: string): Promise<string | undefined> {
  const file = textFile(store, digest);
  return file === undefined ? undefined : (await readOrNothing(file))?.toString('utf8');
}

async function readOrNothing(file: string): Promise<Buffer | undefined> {
  return await readFile(file).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code !== 'EACCES') throw error;
    const which = path.dirname(file);
    throw new OnibError(
      'INPUTS_PRIVATE',
      `Cannot read "${which}": only the store's owner may, since roles may hold secrets`,
      { exitCode: EXIT.hostLacks, hint: 'sudo onib why …', cause: error },
    );
  });
}
