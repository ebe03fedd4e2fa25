/**
 * Reads a project: hosts, group_vars, vars, boot profiles. The result is all that the rest of onib
 * knows of it. Nothing is written, and every mistake of every file is reported at once.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, OnibError, OnibErrors, type SourcePlace } from '../core/errors.js';
import type { Config } from './config.js';
import type { ImageKind } from './keys/kinds.js';
import { deepFreeze } from '../core/freeze.js';
import { findProject } from './find-project.js';
import { groupLayer, readGroupVars, type GroupFile } from './inventory/group-vars.js';
import { readImage, type DraftImage } from './images/read-image.js';
import {
  type askAnsible,
  EMPTY_INVENTORY,
  parseInventory,
  type Inventory,
} from './inventory/inventory.js';
import { askAnsibleOnce } from './inventory/inventory-cache.js';
import { readInventoryFile } from './inventory/inventory-file.js';
import type { Layer } from './keys/read-key.js';
import { linkImages } from './images/links.js';
import { PROFILES_FILE } from '../contract/names.js';
import { readProfiles } from './profiles/profiles-file.js';
import { readSettings } from './keys/settings.js';
import { nearMisses, slips } from './images/slips.js';
import { emptyYamlFile, parseYamlFile, type YamlFile } from './yaml/yaml-file.js';

/**
 * Loads the project that `start` lies in.
 *
 * @param ask Where the inventory's JSON comes from.
 * @throws {OnibError} `NO_PROJECT` (exit 2), `ANSIBLE_MISSING` (exit 3).
 * @throws {OnibErrors} every mistake in its files (exit 2), each with its place.
 */
export async function loadProject(
  start: string,
  ask: typeof askAnsible = askAnsibleOnce,
): Promise<Config> {
  const root = findProject(start);
  const problems: OnibError[] = [];
  const groupFiles = await readGroupVars(root, problems);
  const inventoryFile = await readInventoryFile(root, problems);
  // Ansible would report a broken group_vars file again, with less of a place.
  const inventory =
    problems.length > 0
      ? EMPTY_INVENTORY
      : await readInventory(root, inventoryFile.file, ask, problems);
  const layerOf = (kind?: ImageKind): Layer =>
    groupLayer(
      kind === undefined ? inventory.project : inventory.groups[kind],
      kind,
      groupFiles,
      inventoryFile,
    );
  const groups = {
    base: layerOf('base'),
    initrd: layerOf('initrd'),
    overlay: layerOf('overlay'),
  };
  const settings = readSettings(root, [layerOf()], problems);
  const varsFiles = await readVarsFiles(root, problems);
  const drafts = await Promise.all(
    varsFiles
      .filter((yaml) => !yaml.broken)
      .map((yaml) => readImage({ root, groups, problems }, yaml)),
  );
  const readable = drafts.filter(isPresent);
  // With an image missing, every reference to it would look wrong.
  const images =
    readable.length === varsFiles.length ? linkImages(readable, groups, problems) : undefined;
  const profilesFile = await readProfilesFile(root, problems);
  const profiles = readProfiles(profilesFile, images, problems);
  problems.push(...(await findSlips(groupFiles, readable)));
  if (problems.length > 0) throw new OnibErrors(inOrder(problems));
  return deepFreeze({ root, settings, images: images ?? [], ...profiles });
}

async function readInventory(
  root: string,
  file: string,
  ask: typeof askAnsible,
  problems: OnibError[],
): Promise<Inventory> {
  try {
    return parseInventory(await ask(root, file), file, problems);
  } catch (error) {
    if (!(error instanceof OnibError) || error.exitCode !== EXIT.usage) throw error;
    problems.push(error);
    return EMPTY_INVENTORY;
  }
}

async function readVarsFiles(root: string, problems: OnibError[]): Promise<YamlFile[]> {
  const directory = path.join(root, 'vars');
  const names = existsSync(directory) ? await readdir(directory) : [];
  const files = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  return await Promise.all(
    files.map(async (name) => {
      const content = await readFile(path.join(directory, name), 'utf8');
      return parseYamlFile(path.posix.join('vars', name), content, 'ansible', problems);
    }),
  );
}

async function readProfilesFile(root: string, problems: OnibError[]): Promise<YamlFile> {
  const absolute = path.join(root, PROFILES_FILE);
  if (!existsSync(absolute)) return emptyYamlFile(PROFILES_FILE);
  return parseYamlFile(PROFILES_FILE, await readFile(absolute, 'utf8'), 'onib', problems);
}

async function findSlips(
  groupFiles: readonly GroupFile[],
  drafts: readonly DraftImage[],
): Promise<OnibError[]> {
  const images = drafts.map(({ image }) => image);
  const misses = [
    ...groupFiles.flatMap(({ yaml }) => nearMisses(yaml, undefined, images)),
    ...drafts.flatMap(({ yaml, image }) => nearMisses(yaml, image.kind, [image])),
  ];
  return await slips(misses, [
    ...groupFiles.map(({ yaml }) => yaml.values),
    ...images.map((image) => image.variables),
  ]);
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** By file and line, each once: a wrong group variable is met again with every image that it reaches. */
function inOrder(problems: readonly OnibError[]): OnibError[] {
  const byPlace = new Map(problems.map((problem) => [placeKey(problem), problem]));
  return [...byPlace.values()].sort((left, right) => comparePlaces(left.where, right.where));
}

function placeKey({ where, message }: OnibError): string {
  return JSON.stringify([where?.file, where?.line, where?.column, message]);
}

function comparePlaces(left: SourcePlace | undefined, right: SourcePlace | undefined): number {
  const files = (left?.file ?? '').localeCompare(right?.file ?? '', 'en');
  if (files !== 0) return files;
  const lines = (left?.line ?? 0) - (right?.line ?? 0);
  return lines !== 0 ? lines : (left?.column ?? 0) - (right?.column ?? 0);
}
