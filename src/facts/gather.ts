/**
 * Gathers what planning needs to know about the world: digests of role files, sources of packages,
 * versions of tools. Reads only; takes a fraction of a second, since every `onib build` begins here.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, OnibError } from '../core/errors.js';
import { run } from '../host/run.js';
import { packagePath, version } from '../core/package.js';
import { sourcesKey, type AptSources } from '../plan/sources.js';
import type { Facts, RoleFacts } from '../plan/facts.js';
import type { Digest } from '../core/digest.js';
import type { Artifact, BootProfile } from '../contract/release-manifest.js';
import { askOnce } from '../host/answer-cache.js';
import { aptSources, readHostApt } from './apt/apt-sources.js';
import type { Config } from '../project/config.js';
import { findLocalProxy } from './apt/local-proxy.js';
import { readLock } from '../lock/file.js';
import { filesNamedBy, filesOfRoles, payloadOfRoles, roleClosure } from './roles/role-files.js';
import { provisionerDirectories } from '../project/roles/provisioner-files.js';
import { roleFile, RoleReader } from '../project/roles/role-reader.js';
import { wordsBelow } from './roles/role-words.js';

/** Debian packages whose version shapes what is built. */
const TOOLS = ['ansible-core', 'mmdebstrap', 'debootstrap', 'libsquashfs1'] as const;

/** dpkg replaces it as a whole with every change. */
const DPKG_STATUS = '/var/lib/dpkg/status';

/** Of a project, what every role may use without naming it. */
const PROJECT_FOLDERS = ['library', 'module_utils', 'filter_plugins', 'lookup_plugins'];

interface Release {
  readonly artifacts: readonly Artifact[];
  readonly profiles: readonly BootProfile[];
}

/** @param current The store's current release, when it has one. */
export async function gatherFacts(config: Config, current?: Release): Promise<Facts> {
  const reader = new RoleReader();
  const [roles, shared, sources, tools, lock] = await Promise.all([
    gatherRoles(config, reader),
    gatherShared(config.root, reader),
    gatherSources(config),
    gatherTools(),
    readLock(config.root),
  ]);
  return {
    roles,
    shared,
    sources,
    tools,
    lock,
    ...sourceDate(process.env),
    ...(current === undefined
      ? {}
      : { current: { artifacts: current.artifacts, profiles: current.profiles } }),
  };
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
export function sourceDate(environment: NodeJS.ProcessEnv): Pick<Facts, 'sourceDate'> {
  const text = environment.SOURCE_DATE_EPOCH ?? '';
  if (text === '') return {};
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds < 2 ** 32) return { sourceDate: seconds };
  throw new OnibError('VALUE', `Cannot use SOURCE_DATE_EPOCH "${text}": it is no time`, {
    hint: 'seconds since 1970, or unset it',
    exitCode: EXIT.usage,
  });
}

async function gatherRoles(config: Config, reader: RoleReader): Promise<Facts['roles']> {
  const roles = provisionerDirectories(config.images).map(
    async (directory): Promise<[string, RoleFacts]> => {
      const { directories: closure, complete } = await roleClosure(config.root, directory, reader);
      const named = await filesNamedBy(config.root, closure, reader);
      const known = complete && named.complete;
      const outside = {
        directory: config.root,
        files: await Promise.all(named.files.map((file) => roleFile(config.root, file))),
      };
      const [files, payload, words] = await Promise.all([
        filesOfRoles(config.root, closure, named.files, reader),
        known ? payloadOfRoles(config.root, closure, reader) : [],
        known ? wordsBelow(closure, reader, outside) : undefined,
      ]);
      return [directory, { files, payload: new Set(payload), words }];
    },
  );
  return Object.fromEntries(await Promise.all(roles));
}

/** Files that shape every provisioned image: onib's playbook templates and the project's plugins. */
async function gatherShared(root: string, reader: RoleReader): Promise<RoleFacts> {
  const files: Record<string, Digest> = {};
  const add = async (name: string, file: string): Promise<void> => {
    const content = await readFile(file).catch(() => undefined);
    if (content === undefined) return;
    files[name] = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  };
  for (const file of await reader.filesBelow(packagePath('playbooks')).catch(() => [])) {
    if (!file.path.endsWith('.njk')) continue;
    await add(`template playbooks/${file.path}`, packagePath('playbooks', file.path));
  }
  await add('file ansible.cfg', path.join(root, 'ansible.cfg'));
  for (const folder of PROJECT_FOLDERS) {
    for (const file of await reader.filesBelow(path.join(root, folder)).catch(() => [])) {
      await add(`file ${folder}/${file.path}`, path.join(root, folder, file.path));
    }
  }
  return {
    files,
    payload: new Set(),
    words: await wordsBelow(
      PROJECT_FOLDERS.map((folder) => path.join(root, folder)),
      reader,
    ),
  };
}

async function gatherSources(config: Config): Promise<Readonly<Record<string, AptSources>>> {
  const host = await readHostApt();
  const all = [config.settings, ...config.images.map((image) => image.settings)];
  const auto = all.some(({ aptProxy }) => aptProxy === 'auto');
  const localProxy = auto ? await findLocalProxy() : undefined;
  return Object.fromEntries(
    all.map((settings) => [sourcesKey(settings), aptSources(settings, host, localProxy)]),
  );
}

async function gatherTools(): Promise<Record<string, string>> {
  const { mtimeMs, size, ino } = (await stat(DPKG_STATUS).catch(() => undefined)) ?? {};
  const digest = createHash('sha256')
    .update([...TOOLS, mtimeMs, size, ino].join(' '))
    .digest('hex');
  // A host without dpkg has no packages; that is not worth remembering.
  const listing = await askOnce('tools', digest, askDpkg).catch(() => '');
  return { onib: version, ...parseTools(listing) };
}

async function askDpkg(): Promise<string> {
  const query = ['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status} ${Version}\n', ...TOOLS];
  const { exitCode, stdout, stderr } = await run(query, { check: false });
  // It exits with 1 when it does not know one of them, and still lists the others.
  if (exitCode > 1) throw new Error(stderr);
  return stdout;
}

/** Versions of installed packages by name, from lines `name status version`. */
export function parseTools(listing: string): Record<string, string> {
  const tools: Record<string, string> = {};
  for (const line of listing.split('\n')) {
    const [name = '', status, installed = ''] = line.split(' ');
    if (status === 'installed') tools[name] = installed;
  }
  return tools;
}
