/** Whether the package mirror answers, asked as apt would ask it: its proxies and credentials count. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OnibError } from '../../core/errors.js';
import { run } from '../../host/run.js';
import { removeTree } from '../../host/trees.js';
import type { AptSources } from '../../plan/sources.js';
import { lacks, ok, type Check, type Finding } from './finding.js';

const APT_HELPER = '/usr/lib/apt/apt-helper';
const TIMEOUT_SECONDS = 10;

/** Address of the release file that a one-line-style `deb` line names; undefined for a `copy:` or `file:` source. */
export function releaseFileOf(line: string): string | undefined {
  const match = /^deb\s+(?:\[[^\]]*\]\s+)?(https?:\/\/\S+?)\/?\s+(\S+)/.exec(line);
  if (match === null) return undefined;
  const [, uri = '', suite = ''] = match;
  // A suite that ends in a slash is an exact path without dists/.
  return suite.endsWith('/') ? `${uri}/${suite}InRelease` : `${uri}/dists/${suite}/InRelease`;
}

async function probeMirror(sources: AptSources): Promise<Finding> {
  const url = sources.lines.map(releaseFileOf).find((address) => address !== undefined);
  if (url === undefined) return ok("the bootstrapper's default is used");
  const proxy = sources.proxy === undefined ? [] : ['-o', `Acquire::http::Proxy=${sources.proxy}`];
  const directory = await mkdtemp(path.join(tmpdir(), 'onib-doctor-'));
  const target = path.join(directory, 'InRelease');
  const limits = ['-o', 'Acquire::Retries=0', '-o', `Acquire::http::Timeout=${TIMEOUT_SECONDS}`];
  try {
    await run([APT_HELPER, ...limits, ...proxy, 'download-file', url, target], {
      timeout: 2 * TIMEOUT_SECONDS,
      debianPackage: 'apt',
    });
    return ok(`${new URL(url).host} answers`);
  } catch (error) {
    const details = error instanceof OnibError ? error.details : [];
    const reason = details.at(-1) ?? (error instanceof Error ? error.message : String(error));
    return lacks(`${new URL(url).host}: ${reason}`, 'apt-get update');
  } finally {
    await removeTree(directory);
  }
}

export function mirrorCheck(sources: AptSources): Check {
  return { name: 'package mirror', purpose: 'build', probe: () => probeMirror(sources) };
}
