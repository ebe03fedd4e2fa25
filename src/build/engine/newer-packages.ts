/** `--refresh`: of which locked packages does the mirror have a newer version? Needs no root. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EXIT, OnibError } from '../../core/errors.js';
import { lastLines } from '../../core/last-lines.js';
import type { HostCache } from '../../host/host-cache.js';
import { run } from '../../host/run.js';
import type { VersionChange } from '../../core/version-changes.js';
import { sourcesKey, type AptSources } from '../../plan/sources.js';
import type { Facts } from '../../plan/facts.js';
import type { Config } from '../../project/config.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import type { LockedPackage } from '../../lock/model.js';
import { MirrorLists } from '../../provision/apt/mirror-lists.js';
import { listedVersions } from '../../provision/apt/record-packages.js';

/** @param cache Only read: it takes no root. */
export async function findNewerPackages(
  config: Config,
  facts: Facts,
  cache: HostCache,
): Promise<NonNullable<Facts['newer']>> {
  const newer: Record<string, VersionChange[]> = {};
  for (const [key, { settings, names }] of bySources(config, facts)) {
    const sources = facts.sources[key] ?? { lines: [] };
    const scratch = await mkdtemp(path.join(tmpdir(), 'onib-refresh-'));
    try {
      const lists = path.join(scratch, 'lists');
      await mkdir(lists);
      await updateLists(sources, settings, { lists, scratch, cache });
      for (const name of names) {
        newer[name] = await newerThan(facts.lock[name]?.packages ?? [], lists);
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  return newer;
}

interface Group {
  readonly settings: Settings;
  readonly names: string[];
}

/** Names in the lock by the sources that their packages come from; boot loaders have the project's. */
function bySources(config: Config, { lock }: Facts): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const name of Object.keys(lock)) {
    const settings =
      config.images.find((image) => image.name === name)?.settings ?? config.settings;
    const key = sourcesKey(settings);
    const group = groups.get(key) ?? { settings, names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  return groups;
}

async function updateLists(
  sources: AptSources,
  { suite, architecture }: Settings,
  where: { readonly lists: string; readonly scratch: string; readonly cache: HostCache },
): Promise<void> {
  const kept = new MirrorLists(where.cache.lists, sources, suite, architecture);
  await kept.restore(where.lists);
  const sourceList = path.join(where.scratch, 'sources.list');
  await writeFile(sourceList, `${sources.lines.join('\n')}\n`);
  const options = {
    'Dir::State::Lists': where.lists,
    'Dir::State::status': '/dev/null',
    'Dir::Cache': where.scratch,
    'Dir::Etc::sourcelist': sourceList,
    'Dir::Etc::sourceparts': '-',
    'APT::Architecture': architecture,
    'APT::Architectures::': architecture,
    'APT::Sandbox::User': '',
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    ...(sources.proxy === undefined ? {} : { 'Acquire::http::Proxy': sources.proxy }),
  };
  const argv = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const { exitCode, stdout, stderr } = await run(['apt-get', 'update', ...argv], {
    env: { LC_ALL: 'C.UTF-8' },
    check: false,
    debianPackage: 'apt',
  });
  if (exitCode !== 0) {
    throw new OnibError(
      'MIRROR_UNREACHABLE',
      'Cannot look for newer packages: apt could not fetch the lists of the mirror',
      {
        exitCode: EXIT.failed,
        details: lastLines(stderr + stdout),
        hint: 'onib doctor tries the mirror; without --refresh the packages of onib.lock are used',
      },
    );
  }
}

async function newerThan(
  packages: readonly LockedPackage[],
  lists: string,
): Promise<VersionChange[]> {
  const versions = await listedVersions(packages, lists);
  const changes: VersionChange[] = [];
  for (const { name, version, architecture } of packages) {
    // A version that is not offered any more gives way to the newest that is, be it older.
    const [first, ...others] = versions.get(`${name} ${architecture}`) ?? [];
    if (first === undefined) continue;
    let newest = first;
    for (const other of others) {
      if (other !== newest && (await isNewer(other, newest))) newest = other;
    }
    if (newest !== version) changes.push({ package: name, before: version, after: newest });
  }
  return changes;
}

/** deb-version(7) is dpkg's to judge. */
async function isNewer(version: string, than: string): Promise<boolean> {
  const argv = ['dpkg', '--compare-versions', version, 'gt', than];
  return (await run(argv, { check: false })).exitCode === 0;
}
