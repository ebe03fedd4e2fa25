/**
 * The files that a tree has while provisioners run, and never keeps: resolv.conf, policy-rc.d, apt's sources
 * and options. They come as one more lower layer over the base, so the changes that are packed cannot
 * contain them.
 */
import { chmod, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { copyAttributes } from '../../host/trees.js';
import type { AptSources } from '../../plan/sources.js';
import { BUILD_TIME_FILES } from '../../policy/image-policy.js';

/** No service starts in a chroot: 101 means "forbidden by policy" (Debian's invoke-rc.d). */
const POLICY_RC_D = '#!/bin/sh\nexit 101\n';

const APT_OPTIONS = `Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "root";
DPkg::Options { "--force-unsafe-io"; "--force-confold"; };
`;

/** Sources for a tree's own apt. */
export interface TreeSources extends AptSources {
  /** Directory that is mounted at `LOCKED_IN_TREE`; its source line has a file of its own. */
  readonly repository?: string;
}

interface BuildTimeFile {
  readonly content: string;
  readonly mode: number;
}

function buildTimeFiles(sources: TreeSources, resolvConf: string): Record<string, BuildTimeFile> {
  const proxy = sources.proxy === undefined ? '' : `Acquire::http::Proxy "${sources.proxy}";\n`;
  return {
    [BUILD_TIME_FILES.resolvConf]: { content: resolvConf, mode: 0o644 },
    [BUILD_TIME_FILES.policyRcD]: { content: POLICY_RC_D, mode: 0o755 },
    [BUILD_TIME_FILES.aptOptions]: { content: APT_OPTIONS + proxy, mode: 0o644 },
    ...sourceFiles(sources),
  };
}

/** The locked repository has a file of its own, so that its lists can be read without the mirror's. */
function sourceFiles({
  lines,
  repository,
  preferences,
}: TreeSources): Record<string, BuildTimeFile> {
  const file = (content: string): BuildTimeFile => ({ content, mode: 0o644 });
  const [mirror, locked] =
    repository === undefined ? [lines, []] : [lines.slice(1), lines.slice(0, 1)];
  return {
    ...(mirror.length === 0 ? {} : { [BUILD_TIME_FILES.sources]: file(`${mirror.join('\n')}\n`) }),
    ...(locked.length === 0
      ? {}
      : { [BUILD_TIME_FILES.lockedSources]: file(`${locked.join('\n')}\n`) }),
    ...(preferences === undefined ? {} : { [BUILD_TIME_FILES.preferences]: file(preferences) }),
  };
}

/**
 * Writes the layer of provided files. Its directories repeat owner, mode and times of the tree's
 * own: overlayfs copies a directory up with the attributes of the topmost layer that has it.
 */
export async function writeBuildTimeLayer(
  layer: string,
  tree: string,
  sources: TreeSources,
): Promise<void> {
  const resolvConf = await readFile('/etc/resolv.conf', 'utf8');
  const files = buildTimeFiles(sources, resolvConf);
  const directories = new Set<string>(['.']);
  for (const [name, file] of Object.entries(files)) {
    for (const directory of parents(name)) directories.add(directory);
    await mkdir(path.join(layer, path.dirname(name)), { recursive: true });
    await writeFile(path.join(layer, name), file.content);
    await chmod(path.join(layer, name), file.mode);
  }
  for (const directory of [...directories].sort().reverse()) {
    await copyAttributes(path.join(tree, directory), path.join(layer, directory));
  }
}

function parents(name: string): string[] {
  const directory = path.dirname(name);
  return directory === '.' ? [] : [directory, ...parents(directory)];
}

/** A role's `chmod -R` copies provided files up; those that are still as provided are taken out again. */
export async function dropBuildTimeCopies(changes: string, layer: string): Promise<void> {
  for (const name of Object.values(BUILD_TIME_FILES)) {
    const copy = path.join(changes, name);
    if (await sameContent(copy, path.join(layer, name))) await rm(copy);
  }
}

async function sameContent(a: string, b: string): Promise<boolean> {
  try {
    const [stats, left, right] = [await lstat(a), await readFile(a), await readFile(b)];
    return stats.isFile() && left.equals(right);
  } catch (error) {
    if (['ENOENT', 'ENXIO', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    throw error;
  }
}
