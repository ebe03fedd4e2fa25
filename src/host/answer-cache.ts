/**
 * Remembers what slow programs answered. An answer is a function of files, whose digest names it;
 * a changed file asks anew. `$XDG_CACHE_HOME/onib/<kind>/<digest>.json`, readable by its owner only.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** Answers that are kept of each kind; one is a few kilobytes. */
const MAX_ENTRIES = 64;

/** Directory of the answers of one kind, by the XDG base directory specification. */
export function answerDirectory(
  kind: string,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const home = environment.XDG_CACHE_HOME;
  const cache =
    home !== undefined && path.isAbsolute(home) ? home : path.join(os.homedir(), '.cache');
  return path.join(cache, 'onib', kind);
}

/** What `ask` answered when the digest was this one, else its answer now. */
export async function askOnce(
  kind: string,
  digest: string,
  ask: () => Promise<string>,
): Promise<string> {
  const entry = path.join(answerDirectory(kind), `${digest}.json`);
  const known = await readFile(entry, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  const answer = await ask();
  // A cache that cannot be written (no home, a full disk) costs time and nothing else.
  await remember(entry, answer).catch(() => undefined);
  return answer;
}

async function remember(entry: string, answer: string): Promise<void> {
  const directory = path.dirname(entry);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const partial = `${entry}.${process.pid}`;
  await writeFile(partial, answer, { mode: 0o600 });
  await rename(partial, entry);
  await forgetOldest(directory);
}

async function forgetOldest(directory: string): Promise<void> {
  const names = await readdir(directory);
  if (names.length <= MAX_ENTRIES) return;
  const entries = await Promise.all(
    names.map(async (name) => {
      const file = path.join(directory, name);
      return { file, time: (await stat(file)).mtimeMs };
    }),
  );
  entries.sort((left, right) => right.time - left.time);
  for (const { file } of entries.slice(MAX_ENTRIES)) await rm(file, { force: true });
}
