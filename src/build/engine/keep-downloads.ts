/** Packages that a step downloaded go into the cache that all builds share, when they are what the archive says. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { copyWholeFile } from '../../host/whole-file.js';
import { packageDigest } from '../../provision/apt/package-cache.js';
import type { StepPackages } from '../step/packages.js';

/** @param downloads Upper directory of the step's archives. */
export async function keepDownloads(
  downloads: string,
  cache: string,
  packages: StepPackages,
): Promise<void> {
  const names = (await readdir(downloads)).filter((name) => name.endsWith('.deb'));
  const expected = await packages.digestsOf(names);
  for (const name of names) {
    const file = path.join(downloads, name);
    const digest = await packageDigest(file);
    if (digest === undefined || digest !== expected.get(name)) continue;
    await copyWholeFile(file, path.join(cache, name), true);
  }
}
