/**
 * The project's inventory, as Ansible itself resolves it: variables of the chroot groups with
 * everything that group_vars, parents and host lines give them. Nothing here parses `hosts`.
 * https://docs.ansible.com/ansible/latest/cli/ansible-inventory.html
 */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EXIT, OnibError } from '../../core/errors.js';
import { run, type RunResult } from '../../host/run.js';
import { packagePath } from '../../core/package.js';
import type { ImageKind } from '../keys/kinds.js';
import { configProblem } from '../yaml/problems.js';
import { askVarsPlugins, userPaths, varsPlugins } from './ansible-environment.js';
import { vaultProblem } from '../vault/vault-problem.js';

export type Variables = Readonly<Record<string, unknown>>;

export interface Inventory {
  /** Variables of group `on_imagebuild`. */
  readonly project: Variables;
  /** Variables of the chroot group of each kind of image. */
  readonly groups: Readonly<Record<ImageKind, Variables>>;
}

/** The parent of all chroot groups. */
export const PROJECT_GROUP = 'on_imagebuild';

/** Chroot groups, as on-imagebuilder called them. */
export const GROUP_OF: Readonly<Record<ImageKind, string>> = {
  initrd: 'initrd_build_env_chroot',
  base: 'basefs_build_chroot',
  overlay: 'overlay_build_chroot',
};

export const EMPTY_INVENTORY: Inventory = {
  project: {},
  groups: { initrd: {}, base: {}, overlay: {} },
};

/** How a tree is reached is the build's own business: a line of the ancestor's `hosts` says `ansible_connection=chroot`. */
const CONNECTION_VARIABLES = new Set([
  'ansible_connection',
  'ansible_host',
  'ansible_port',
  'ansible_user',
  'ansible_python_interpreter',
]);

const ANSIBLE_ENVIRONMENT = {
  // Without it a broken inventory is a warning and an empty answer.
  ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: 'True',
  ANSIBLE_NOCOLOR: '1',
  ANSIBLE_DEPRECATION_WARNINGS: 'False',
  // Else it makes a directory in the user's home, which a service may not have.
  ANSIBLE_LOCAL_TEMP: tmpdir(),
  LC_ALL: 'C.UTF-8',
};

/**
 * Asks Ansible for the inventory.
 *
 * @param file the inventory, relative to the project.
 * @returns what `ansible-inventory --list` prints: JSON, in which encrypted values stay what they are (vault/vaulted.ts).
 * @throws {OnibError} `ANSIBLE_MISSING` (exit 3); `VAULT` or `INVENTORY` (exit 2) with the
 *   place that Ansible names when it cannot read the inventory or its group_vars.
 */
export async function askAnsible(root: string, file: string): Promise<string> {
  const probe = packagePath('templates', 'inventory', 'probe.ini');
  const argv = ['ansible-inventory', '-i', file, '-i', probe, '--list'];
  const answer = await ask(root, argv).catch((error: unknown) => {
    if (!(error instanceof OnibError) || error.code !== 'COMMAND_MISSING') throw error;
    throw new OnibError(
      'ANSIBLE_MISSING',
      `Cannot read inventory "${file}": ansible-inventory is not installed`,
      { exitCode: EXIT.hostLacks, hint: 'apt-get install ansible', cause: error },
    );
  });
  if (answer.exitCode !== 0) throw inventoryProblem(answer.stderr, root, file);
  return answer.stdout;
}

async function ask(root: string, argv: readonly string[]): Promise<RunResult> {
  const own = { ...userPaths(process.env, process.cwd()), ...ANSIBLE_ENVIRONMENT };
  const { enabled, paths } = await askVarsPlugins(root, own);
  // Ours reads the same files, and keeps secret what is encrypted.
  const ours = enabled.map((name) => (isHostGroupVars(name) ? 'onib_host_group_vars' : name));
  const env = { ...own, ...varsPlugins({ enabled: ours, paths }) };
  return await run(argv, { cwd: root, env, check: false });
}

function isHostGroupVars(plugin: string): boolean {
  return plugin.replace(/^ansible[.](?:builtin|legacy)[.]/, '') === 'host_group_vars';
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/** What Ansible says about an inventory that it cannot read, with the place that it names. */
export function inventoryProblem(stderr: string, root: string, file: string): OnibError {
  const vault = vaultProblem(stderr, () => undefined);
  if (vault !== undefined) return vault;
  // Ansible folds its warnings at the width of a terminal, in the middle of words of a path too.
  const unfolded = stderr.replaceAll(/\n(?!ERROR|\[WARNING\])/g, ' ');
  const place = iniPlace(unfolded, root, file) ?? yamlPlace(unfolded, root);
  const details = stderr.trimEnd().split('\n').slice(-15);
  return configProblem(
    'INVENTORY',
    `Cannot read inventory "${file}": ${place?.because ?? 'Ansible does not understand it'}`,
    place?.where ?? { file },
    undefined,
    details,
  );
}

function iniPlace(
  text: string,
  root: string,
  inventoryFile: string,
): { where: Place; because: string } | undefined {
  const match = /with ini plugin: (?:\S+ )*?(\S+?):(\d+): ([^\n]*)/.exec(text);
  if (match === null) return undefined;
  const [, file = '', line = '', because = ''] = match;
  // The YAML plugin is tried first and always fails on INI: its words would only mislead.
  const looksYaml = /^ *(?:all|ungrouped|[\w-]+):\s*$/.test(because.replace(/^.*got: /, ''));
  if (looksYaml) return undefined;
  const inventory = path.join(root, inventoryFile);
  // Of a long path only the last folded piece stands before the line number.
  const name = inventory.endsWith(file) ? inventoryFile : relativeTo(root, file);
  return { where: { file: name, line: Number(line) }, because: because.trim() };
}

function yamlPlace(text: string, root: string): { where: Place; because: string } | undefined {
  const match =
    /Syntax Error while loading YAML\.\s+(.*?)\s+The error appears to be in\s+'([^']+)': line (\d+), column (\d+)/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, because = '', file = '', line = '', column = ''] = match;
  return {
    where: { file: relativeTo(root, file), line: Number(line), column: Number(column) },
    because,
  };
}

function relativeTo(root: string, file: string): string {
  const relative = path.relative(root, path.resolve(root, file.replaceAll(' ', '')));
  return relative.startsWith('..') ? file : relative;
}

interface Listing {
  readonly _meta?: { readonly hostvars?: Readonly<Record<string, Variables>> };
  readonly [group: string]: unknown;
}

interface Group {
  readonly hosts?: readonly string[];
  readonly children?: readonly string[];
}

/** Takes the chroot groups' variables out of Ansible's answer; mistakes go to `problems`. */
export function parseInventory(json: string, file: string, problems: OnibError[]): Inventory {
  const listing = JSON.parse(json) as Listing;
  const groups = Object.fromEntries(
    (Object.keys(GROUP_OF) as ImageKind[]).map((kind) => {
      checkParent(listing, kind, file, problems);
      return [kind, groupVariables(listing, GROUP_OF[kind], `onib_${kind}`, file, problems)];
    }),
  ) as Record<ImageKind, Variables>;
  return { project: withoutConnection(hostVariables(listing, 'onib_project')), groups };
}

function checkParent(listing: Listing, kind: ImageKind, file: string, problems: OnibError[]): void {
  const group = GROUP_OF[kind];
  if (descendants(listing, PROJECT_GROUP).has(group)) return;
  problems.push(
    configProblem(
      'INVENTORY',
      `Cannot use inventory "${file}": group ${group} is not a child of ${PROJECT_GROUP}, so that group_vars/${PROJECT_GROUP} would not apply to it`,
      { file },
      `list ${group} under [${PROJECT_GROUP}:children]`,
    ),
  );
}

function descendants(listing: Listing, group: string, seen = new Set<string>()): Set<string> {
  for (const child of (listing[group] as Group | undefined)?.children ?? []) {
    if (seen.has(child)) continue;
    seen.add(child);
    descendants(listing, child, seen);
  }
  return seen;
}

/** Variables of the project's own host in a group, if it names one, else those of the group. */
function groupVariables(
  listing: Listing,
  group: string,
  probe: string,
  file: string,
  problems: OnibError[],
): Variables {
  const hosts = ((listing[group] as Group | undefined)?.hosts ?? []).filter(
    (host) => host !== probe,
  );
  const [variables = withoutConnection(hostVariables(listing, probe)), ...others] = hosts.map(
    (host) => withoutConnection(hostVariables(listing, host)),
  );
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(variables))) {
    problems.push(
      configProblem(
        'INVENTORY',
        `Cannot use inventory "${file}": group ${group} has ${hosts.length} hosts with different variables`,
        { file },
        'a build has one tree: keep one host, or none, and write variables into group_vars',
      ),
    );
  }
  return variables;
}

function hostVariables(listing: Listing, host: string): Variables {
  return listing._meta?.hostvars?.[host] ?? {};
}

function withoutConnection(variables: Variables): Variables {
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => !CONNECTION_VARIABLES.has(name)),
  );
}
