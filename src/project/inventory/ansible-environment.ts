/** What of the user's environment Ansible needs said in another way, since onib runs it in the project. */
import path from 'node:path';
import { packagePath } from '../../core/package.js';

/** Paths that Ansible takes from where it is started. */
const PATHS = ['ANSIBLE_VAULT_PASSWORD_FILE', 'ANSIBLE_CONFIG'];
/** Of DEFAULT_VARS_PLUGIN_PATH. */
const OTHER_PLUGINS = '~/.ansible/plugins/vars:/usr/share/ansible/plugins/vars';

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

/** Has Ansible take these plugins for variables. */
export function varsPlugins(
  environment: NodeJS.ProcessEnv,
  enabled: readonly string[],
): Record<string, string> {
  const others = environment.ANSIBLE_VARS_PLUGINS ?? OTHER_PLUGINS;
  return {
    ANSIBLE_VARS_PLUGINS: `${packagePath('playbooks', 'vars_plugins')}:${others}`,
    ANSIBLE_VARS_ENABLED: enabled.join(','),
  };
}
