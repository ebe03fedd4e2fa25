/** Settings of the project and of one image, and what has to agree among them. */
import path from 'node:path';
import type { OnibError } from '../../core/errors.js';
import { configProblem } from '../yaml/problems.js';
import { readKey, readTable, type Found, type Layer } from './read-key.js';
import { settingKeys, type Settings } from './setting-keys.js';

/** Highest level per compressor; lz4 has none. */
const HIGHEST_LEVEL: Record<Settings['compression'], number> = { xz: 9, zstd: 22, gzip: 9, lz4: 0 };

/** Reads the settings from the layers, the first that holds a key wins; mistakes go to `problems`. */
export function readSettings(
  root: string,
  layers: readonly Layer[],
  problems: OnibError[],
): Settings {
  const settings = readTable(settingKeys, layers, problems);
  checkSnapshot(settings, layers, problems);
  checkLevel(settings, layers, problems);
  return { ...settings, artifactPath: path.resolve(root, settings.artifactPath) };
}

function checkSnapshot(
  { aptServer }: Settings,
  layers: readonly Layer[],
  problems: OnibError[],
): void {
  const aptSnapshot = readKey(settingKeys.aptSnapshot, layers, []);
  if (aptSnapshot === undefined || aptServer !== undefined) return;
  problems.push(
    configProblem(
      'VALUE',
      `Cannot use apt_snapshot "${aptSnapshot.value}": it is looked for below apt_server, which is not set`,
      aptSnapshot.place,
      'apt_server: <host>/archive',
    ),
  );
}

function checkLevel(
  { compression }: Settings,
  layers: readonly Layer[],
  problems: OnibError[],
): void {
  const level: Found<number> | undefined = readKey(settingKeys.compressionLevel, layers, []);
  const highest = HIGHEST_LEVEL[compression];
  if (level === undefined || level.value <= highest) return;
  const so = highest === 0 ? `${compression} has no levels` : `${compression} has 1 to ${highest}`;
  problems.push(
    configProblem(
      'VALUE',
      `Cannot use ${level.name} "${level.value}": ${so}`,
      level.place,
      highest === 0 ? `leave ${level.name} out, or choose another compression` : undefined,
    ),
  );
}
