/** What of the user's environment Ansible needs said in another way, since onib runs it in the project. */
import path from 'node:path';
import * as v from 'valibot';
import { parseChecked, type Schema } from '../../core/checked.js';
import { packagePath } from '../../core/package.js';
import { run } from '../../host/run.js';

/** Paths that Ansible takes from where it is started. */
const PATHS = ['ANSIBLE_VAULT_PASSWORD_FILE', 'ANSIBLE_CONFIG'];

/** Paths of the user's environment, made absolute. */
export function userPaths(environment: NodeJS.ProcessEnv, from: string): Record<string, string> {
  return Object.fromEntries(
    PATHS.flatMap((name) => {
      const value = environment[name] ?? '';
      const isRelative = value !== '' && !value.startsWith('/') && !value.startsWith('~');
      return isRelative ? [[name, path.resolve(from, value)]] : [];
    }),
  );
}

/** The plugins for variables that Ansible uses in a project, by its own word: ansible.cfg and environment. */
export interface VarsPlugins {
  readonly enabled: readonly string[];
  /** Directories, first come first served. */
  readonly paths: readonly string[];
}

const DEFAULT_PLUGINS: VarsPlugins = {
  enabled: ['host_group_vars'],
  paths: ['~/.ansible/plugins/vars', '/usr/share/ansible/plugins/vars'],
};

const lists: Schema<readonly { readonly name?: unknown; readonly value?: unknown }[]> = v.array(
  v.looseObject({}),
);
const texts: Schema<readonly string[]> = v.array(v.string());

/**
 * Asks Ansible which plugins it would use.
 *
 * @param env as for the question that follows
 */
export async function askVarsPlugins(
  root: string,
  env: Readonly<Record<string, string>>,
): Promise<VarsPlugins> {
  const argv = ['ansible-config', 'dump', '--format', 'json'];
  const { exitCode, stdout } = await run(argv, { cwd: root, env, check: false });
  // What it complains of, such as a mistake in ansible.cfg, ends the question that follows, and is told there.
  return exitCode === 0 ? parseVarsPlugins(stdout) : DEFAULT_PLUGINS;
}

/** @param dump what `ansible-config dump --format json` prints */
export function parseVarsPlugins(dump: string): VarsPlugins {
  const settings = parseChecked(dump, lists);
  const listOf = (name: string, usual: readonly string[]): readonly string[] => {
    const found = v.safeParse(texts, settings.find((one) => one.name === name)?.value);
    return found.success ? found.output : usual;
  };
  return {
    enabled: listOf('VARIABLE_PLUGINS_ENABLED', DEFAULT_PLUGINS.enabled),
    paths: listOf('DEFAULT_VARS_PLUGIN_PATH', DEFAULT_PLUGINS.paths),
  };
}

/** Has Ansible take these plugins for variables; onib's own are found first. */
export function varsPlugins({
  enabled,
  paths = DEFAULT_PLUGINS.paths,
}: Partial<VarsPlugins> & Pick<VarsPlugins, 'enabled'>): Record<string, string> {
  return {
    ANSIBLE_VARS_PLUGINS: [packagePath('playbooks', 'vars_plugins'), ...paths].join(':'),
    ANSIBLE_VARS_ENABLED: enabled.join(','),
  };
}
