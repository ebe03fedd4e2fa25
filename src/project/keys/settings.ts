/** Settings of the project and of one image: known keys, typed, with defaults filled in. */
import path from 'node:path';
import type { OnibError } from '../../core/errors.js';
import type { Compression, Settings, SquashfsCompressor } from '../config.js';
import { DEFAULTS, settingKeys } from './keys.js';
import { readKey, type Found, type Layer } from './layers.js';
import { configProblem } from '../yaml/problems.js';

/** Highest level per compressor; lz4 has none. */
const HIGHEST_LEVEL: Record<SquashfsCompressor, number> = { xz: 9, zstd: 22, gzip: 9, lz4: 0 };

/** Debian's name of the architecture that this process runs on. */
export function hostArchitecture(nodeArchitecture: string = process.arch): string {
  const names: Record<string, string> = {
    x64: 'amd64',
    ia32: 'i386',
    arm: 'armhf',
    ppc64: 'ppc64el',
  };
  return names[nodeArchitecture] ?? nodeArchitecture;
}

/** Reads the settings from the layers, the first that holds a key wins; mistakes go to `problems`. */
export function readSettings(
  root: string,
  layers: readonly Layer[],
  problems: OnibError[],
): Settings {
  const keys = settingKeys;
  readKey(keys.bootstrapVariant, layers, problems);
  const aptServer = readKey(keys.aptServer, layers, problems)?.value;
  const aptProxy = readKey(keys.aptProxy, layers, problems)?.value;
  const aptSnapshot = readKey(keys.aptSnapshot, layers, problems);
  if (aptSnapshot !== undefined && aptServer === undefined) {
    problems.push(
      configProblem(
        'VALUE',
        `Cannot use apt_snapshot "${aptSnapshot.value}": it is looked for below apt_server, which is not set`,
        aptSnapshot.place,
        'apt_server: <host>/archive',
      ),
    );
  }
  const artifactPath = readKey(keys.artifactPath, layers, problems)?.value;
  const allowed = readKey(keys.hygieneAllow, layers, problems)?.value;
  const sizeBudget = readKey(keys.sizeBudget, layers, problems)?.value;
  return {
    suite: readKey(keys.suite, layers, problems)?.value ?? DEFAULTS.suite,
    architecture: readKey(keys.architecture, layers, problems)?.value ?? hostArchitecture(),
    components: readKey(keys.components, layers, problems)?.value ?? DEFAULTS.components,
    bootstrap: readKey(keys.bootstrap, layers, problems)?.value ?? DEFAULTS.bootstrap,
    ...(aptServer === undefined ? {} : { aptServer: aptServer.replace(/\/+$/, '') }),
    ...(aptProxy === undefined ? {} : { aptProxy: aptProxy.replace(/\/+$/, '') }),
    ...(aptSnapshot === undefined ? {} : { aptSnapshot: aptSnapshot.value }),
    artifactPath: path.resolve(root, artifactPath ?? DEFAULTS.artifactDirectory),
    buildRootSize: readKey(keys.buildRootSize, layers, problems)?.value ?? DEFAULTS.buildRootSize,
    compression: readCompression(layers, problems),
    ...(allowed === undefined
      ? {}
      : { hygieneAllow: allowed.map(({ word, value }) => ({ rule: word, path: value })) }),
    ...(sizeBudget === undefined ? {} : { sizeBudget }),
  };
}

function readCompression(layers: readonly Layer[], problems: OnibError[]): Compression {
  const compressor =
    readKey(settingKeys.compression, layers, problems)?.value ?? DEFAULTS.compression;
  const level = readKey(settingKeys.compressionLevel, layers, problems);
  const blockSize =
    readKey(settingKeys.compressionBlockSize, layers, problems)?.value ??
    DEFAULTS.compressionBlockSize;
  if (level !== undefined) checkLevel(level, compressor, problems);
  return { compressor, blockSize, ...(level === undefined ? {} : { level: level.value }) };
}

function checkLevel(
  level: Found<number>,
  compressor: SquashfsCompressor,
  problems: OnibError[],
): void {
  const highest = HIGHEST_LEVEL[compressor];
  if (level.value <= highest) return;
  const so = highest === 0 ? `${compressor} has no levels` : `${compressor} has 1 to ${highest}`;
  problems.push(
    configProblem(
      'VALUE',
      `Cannot use ${level.name} "${level.value}": ${so}`,
      level.place,
      highest === 0 ? `leave ${level.name} out, or choose another compression` : undefined,
    ),
  );
}
