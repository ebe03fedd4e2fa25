/**
 * Gathers what planning needs to know about the world: digests of role files, sources of packages,
 * versions of tools. Reads only; takes a fraction of a second, since every `onib build` begins here.
 */
import { EXIT, OnibError } from '../core/errors.js';
import type { ReleaseManifest } from '../contract/release-manifest.js';
import { readLock } from '../lock/file.js';
import type { Facts } from '../plan/facts.js';
import type { Config } from '../project/config.js';
import { RoleReader } from '../project/roles/role-reader.js';
import { gatherSources } from './apt/project-sources.js';
import { gatherRoles, gatherShared } from './roles/role-facts.js';
import { gatherTools } from './tools.js';

/** @param current The store's current release, when it has one. */
export async function gatherFacts(config: Config, current?: ReleaseManifest): Promise<Facts> {
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
    ...(current === undefined ? {} : { current: current.artifacts, currentProfiles: current }),
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
