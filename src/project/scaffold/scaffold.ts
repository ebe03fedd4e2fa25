/**
 * Writes new projects and new images. What is written stands in `templates/` and, for what a project
 * shares with onib's own, in the files of the default project. Nothing that exists is overwritten.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import nunjucks from 'nunjucks';
import { EXIT, OnibError } from '../../core/errors.js';
import { packagePath } from '../../core/package.js';
import type { Config } from '../config.js';
import type { ImageKind } from '../keys/kinds.js';
import { isProject } from '../find-project.js';
import { loadProject } from '../load.js';
import { NAME_RULE, PROFILES_FILE, SAFE_NAME } from '../../contract/names.js';
import { folderOfKind } from '../roles/find-role.js';
import { hostArchitecture } from '../keys/architecture.js';
import { parseYamlFile } from '../yaml/yaml-file.js';

/** A file to be written: path relative to the project, content, permission bits. */
interface NewFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** Files of the default project that a new project begins with. */
const SHARED_FILES = ['hosts', 'group_vars/on_imagebuild', 'vars/base.yml', 'vars/kernel.yml'];

/** The overlay that a new project begins with; its boot profiles name it as the default. */
const FIRST_OVERLAY = 'example';

/**
 * Writes a new project that builds as it is.
 *
 * @param directory Made when it does not exist.
 * @returns Paths of the written files, relative to the directory.
 * @throws {OnibError} `PROJECT_EXISTS`, `FILE_EXISTS` (exit 2).
 */
export async function initProject(directory: string): Promise<string[]> {
  const root = path.resolve(directory);
  if (isProject(root)) {
    throw new OnibError('PROJECT_EXISTS', `Cannot make a project in "${root}": it is one already`, {
      exitCode: EXIT.usage,
      hint: `onib new overlay <name> -C ${root}`,
    });
  }
  const template = async (name: string, as: string): Promise<NewFile> => ({
    path: as,
    content: await readFile(packagePath('templates', 'project', name), 'utf8'),
    mode: 0o644,
  });
  const shared = SHARED_FILES.map(async (file) => ({
    path: file,
    content: await readFile(packagePath(file), 'utf8'),
    mode: 0o644,
  }));
  const files = await Promise.all([
    ...shared,
    template('boot-profiles.yml', PROFILES_FILE),
    template('gitignore', '.gitignore'),
  ]);
  return await writeNew(root, [...files, ...overlayFiles(FIRST_OVERLAY)]);
}

/**
 * Writes a role and its vars file into a project: an image that builds as it is.
 *
 * @returns Paths of the written files, relative to the project.
 * @throws {OnibError} `NAME`, `FILE_EXISTS` (exit 2); `OnibErrors` when the project
 *   itself is wrong and a base or kernel set must find its place in it.
 */
export async function newImage(root: string, kind: ImageKind, name: string): Promise<string[]> {
  if (!SAFE_NAME.test(name)) {
    throw new OnibError('NAME', `Cannot make ${kind} "${name}": ${NAME_RULE}`, {
      exitCode: EXIT.usage,
    });
  }
  if (kind === 'overlay') return await writeNew(root, overlayFiles(name));
  const config = await loadProject(root);
  const files =
    kind === 'base' ? await baseFiles(config, name) : await kernelSetFiles(config, name);
  return await writeNew(root, files);
}

function overlayFiles(name: string): NewFile[] {
  const role = roleOf('overlay', name);
  const values = { name, role, variable: variableName(name) };
  return [
    render('overlay/vars.yml.njk', `vars/${name}.yml`, values),
    render('overlay/role/tasks/main.yml.njk', `${role}/tasks/main.yml`, values),
    render('overlay/role/defaults/main.yml.njk', `${role}/defaults/main.yml`, values),
    render('overlay/role/files/script.sh.njk', `${role}/files/${name}.sh`, values, 0o755),
    render('overlay/role/templates/motd.j2.njk', `${role}/templates/motd.j2`, values),
  ];
}

async function baseFiles(config: Config, name: string): Promise<NewFile[]> {
  const { suite } = config.settings;
  const { packages } = await shippedVars('vars/base.yml');
  const role = roleOf('base', name);
  const values = { name, role, suite, packages };
  return [
    render('base/vars.yml.njk', `vars/${name}.yml`, values),
    render('base/role/tasks/main.yml.njk', `${role}/tasks/main.yml`, values),
  ];
}

async function kernelSetFiles(config: Config, name: string): Promise<NewFile[]> {
  const used = new Set(config.images.map(({ kernelPackage }) => kernelPackage));
  const architecture = hostArchitecture();
  const usual = `linux-image-${architecture}`;
  const unused = [usual, `linux-image-rt-${architecture}`].find((one) => !used.has(one));
  const kernelPackage = unused ?? usual;
  const shipped = await shippedVars('vars/kernel.yml');
  const role = roleOf('initrd', name);
  const values = {
    ...{ name, role, kernelPackage },
    initrdModules: shipped.initrd_modules,
    modulesLayer: shipped.modules_layer,
  };
  return [
    render('initrd/vars.yml.njk', `vars/${name}.yml`, values),
    render('initrd/role/tasks/main.yml.njk', `${role}/tasks/main.yml`, values),
  ];
}

/** Keys of a vars file of the default project. */
async function shippedVars(file: string): Promise<Readonly<Record<string, unknown>>> {
  const problems: OnibError[] = [];
  const content = await readFile(packagePath(file), 'utf8');
  const { values } = parseYamlFile(file, content, 'ansible', problems);
  if (problems[0] !== undefined) throw problems[0];
  return values;
}

function roleOf(kind: ImageKind, name: string): string {
  return `${folderOfKind(kind)}/provision_${name}`;
}

/** A name that Ansible takes as the beginning of a variable's. */
function variableName(name: string): string {
  const word = name.replaceAll(/[^A-Za-z0-9]/g, '_').toLowerCase();
  return /^\d/.test(word) ? `overlay_${word}` : word;
}

function render(template: string, as: string, values: object, mode = 0o644): NewFile {
  const environment = new nunjucks.Environment(
    new nunjucks.FileSystemLoader(packagePath('templates', 'new')),
    { autoescape: false, throwOnUndefined: true },
  );
  return { path: as, content: environment.render(template, values), mode };
}

/** Writes all files or, when one exists, none. */
async function writeNew(root: string, files: readonly NewFile[]): Promise<string[]> {
  const existing = files.filter((file) => existsSync(path.join(root, file.path)));
  const [first] = existing;
  if (first !== undefined) {
    throw new OnibError('FILE_EXISTS', `Cannot write "${first.path}": it exists already`, {
      exitCode: EXIT.usage,
      hint: 'choose another name, or move it away',
      details: existing.map((file) => path.join(root, file.path)),
    });
  }
  for (const file of files) {
    const absolute = path.join(root, file.path);
    await mkdir(path.dirname(absolute), { recursive: true });
    // `wx`: also what appeared since the check is not overwritten.
    await writeFile(absolute, file.content, { mode: file.mode, flag: 'wx' });
  }
  return files.map((file) => file.path);
}
