/**
 * Where a project's store lies, for commands that need nothing else of the project: a mistake in a vars file, or a
 * machine without Ansible, must not keep a boot server from starting.
 *
 * Only what can set `build_artifact_path` is read. group_vars of `on_imagebuild` go before everything else that
 * may set it, so that Ansible is asked only where they do not and something else does.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, OnibError } from '../core/errors.js';
import { findProject } from './find-project.js';
import { groupLayer, readGroupVars, type GroupFile } from './inventory/group-vars.js';
import { askAnsibleOnce } from './inventory/inventory-cache.js';
import { readInventoryFile, type InventoryFile } from './inventory/inventory-file.js';
import {
  parseInventory,
  PROJECT_GROUP,
  type askAnsible,
  type Variables,
} from './inventory/inventory.js';
import { settingKeys } from './keys/setting-keys.js';
import { readKey } from './keys/read-key.js';

const KEY = settingKeys.artifactPath;

/**
 * The store of the project that `start` lies in.
 *
 * @param ask Where the inventory's JSON comes from, if it is needed.
 * @returns its absolute path; nothing need be there yet.
 * @throws {OnibError} `NO_PROJECT` (exit 2); `STORE_UNKNOWN` with the place of what cannot be read
 */
export async function findStore(
  start: string,
  ask: typeof askAnsible = askAnsibleOnce,
): Promise<string> {
  const root = findProject(start);
  const problems: OnibError[] = [];
  const files = await readGroupVars(root, problems);
  // That there is no inventory is no matter here.
  const inventory = await readInventoryFile(root, []);
  await requireReadable(root, files, problems);
  const variables = variablesOf(files, ['all', PROJECT_GROUP]);
  const isSettled =
    !refersToOthers(variables) &&
    (isSet(variablesOf(files, [PROJECT_GROUP])) || !(await maySetIt(root, inventory, files)));
  const settled = isSettled ? variables : await askInventory(root, inventory.file, ask);
  const found = readKey(KEY, [groupLayer(settled, undefined, files, inventory)], problems);
  if (found === undefined && isSet(settled)) throw unknownStore(problems.at(-1));
  return path.resolve(root, found?.value ?? KEY.standard);
}

/** Of several files the last one counts, and of several groups. */
function variablesOf(files: readonly GroupFile[], groups: readonly string[]): Variables {
  const values = groups.flatMap((group) =>
    files.filter((file) => file.group === group).map(({ yaml }) => yaml.values),
  );
  return Object.assign({}, ...values) as Variables;
}

function isSet(variables: Variables): boolean {
  return (variables[KEY.name] ?? null) !== null;
}

/** `{{ name }}` of a variable that these do not hold. */
function refersToOthers(variables: Variables): boolean {
  const value = variables[KEY.name];
  const names = typeof value === 'string' ? [...value.matchAll(/\{\{\s*(\w+)/g)] : [];
  return names.some(([, name = '']) => variables[name] === undefined);
}

/** A file that cannot be read is no matter, unless it names the key outside a comment. */
async function requireReadable(
  root: string,
  files: readonly GroupFile[],
  problems: readonly OnibError[],
): Promise<void> {
  for (const { yaml } of files) {
    if (!yaml.broken || Object.keys(yaml.values).length > 0) continue;
    const text = await readFile(path.join(root, yaml.file), 'utf8');
    if (names(text)) throw unknownStore(problems.find(({ where }) => where?.file === yaml.file));
  }
}

function names(text: string): boolean {
  return text.split('\n').some((line) => !/^\s*#/.test(line) && line.includes(KEY.name));
}

/** May the inventory set it, a parent group, or what only Ansible can read: a vault, a program, a plugin? */
async function maySetIt(
  root: string,
  { file, content }: InventoryFile,
  files: readonly GroupFile[],
): Promise<boolean> {
  if (names(content) || /^\s*plugin\s*:/m.test(content)) return true;
  const others = files.filter(({ group }) => group !== 'all' && group !== PROJECT_GROUP);
  if (others.some(({ yaml }) => isSet(yaml.values))) return true;
  if (files.some(({ vaulted }) => vaulted)) return true;
  const stats = await stat(path.join(root, file)).catch(() => undefined);
  return stats !== undefined && (!stats.isFile() || (stats.mode & 0o111) !== 0);
}

async function askInventory(
  root: string,
  file: string,
  ask: typeof askAnsible,
): Promise<Variables> {
  try {
    return parseInventory(await ask(root, file), file, []).project;
  } catch (error) {
    if (!(error instanceof OnibError)) throw error;
    throw unknownStore(error);
  }
}

function unknownStore(cause: OnibError | undefined): OnibError {
  const { where } = cause ?? {};
  return new OnibError(
    'STORE_UNKNOWN',
    `Cannot tell where the store of this project lies: ${uncapitalized(cause?.message ?? '')}`,
    {
      exitCode: cause?.exitCode ?? EXIT.usage,
      ...(where === undefined ? {} : { where }),
      hint: 'mend that, or name the store: --store <dir>',
      cause,
    },
  );
}

function uncapitalized(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
