/** One `vars/<name>.yml`: which image it makes, with which provisioners and settings. */
import { didYouMean, nearest } from '../../core/did-you-mean.js';
import type { OnibError, SourcePlace } from '../../core/errors.js';
import type { ImageConfig, ImageKind, ImagePlaces, Provisioner, Settings } from '../config.js';
import { imageKeys, knownKeys, namesOf, settingKeys, type Key } from '../keys/keys.js';
import { withArticle } from '../keys/kind-words.js';
import { readKey, type Layer } from '../keys/layers.js';
import { vaultedIn } from '../vault/vaulted.js';
import { configProblem } from '../yaml/problems.js';
import { NAME_RULE, SAFE_NAME } from '../../contract/names.js';
import {
  existingRoles,
  findRole,
  folderOfKind,
  kindOfRole,
  rolePlaces,
} from '../roles/find-role.js';
import { readSettings } from '../keys/settings.js';
import { shown } from '../keys/values.js';
import type { YamlFile } from '../yaml/yaml-file.js';

/** What reading images needs of the project around them. */
export interface ImageContext {
  readonly root: string;
  /** Variables of each kind's chroot group. */
  readonly groups: Readonly<Record<ImageKind, Layer>>;
  readonly problems: OnibError[];
}

/** An overlay's base and whether its own file chose the suite: what can be decided only with all images known. */
export interface DraftImage {
  readonly image: ImageConfig;
  readonly yaml: YamlFile;
}

/** A vars file's own keys as a layer. */
export function fileLayer(yaml: YamlFile): Layer {
  return {
    values: yaml.values,
    place: (name, path = []) => yaml.valuePlace([name, ...path]),
  };
}

/** Reads one vars file; every mistake goes to the context's problems. Undefined when nothing can be said about it. */
export async function readImage(
  context: ImageContext,
  yaml: YamlFile,
): Promise<DraftImage | undefined> {
  const { problems } = context;
  const name = yaml.file.replace(/^.*\//, '').replace(/\.ya?ml$/, '');
  if (!SAFE_NAME.test(name)) {
    problems.push(
      configProblem('NAME', `Cannot use vars file "${yaml.file}": ${NAME_RULE}`, {
        file: yaml.file,
      }),
    );
  }
  checkVariableNames(yaml, problems);
  const own = fileLayer(yaml);
  const provisioners = await readProvisioners(context, yaml, own);
  const kind = readKind(yaml, own, provisioners, problems);
  if (kind === undefined) return undefined;
  checkKeysOfKind(yaml, kind, problems);
  const layers = [own, context.groups[kind]];
  const settings = readSettings(context.root, layers, problems);
  const image: ImageConfig = {
    kind,
    name,
    file: yaml.file,
    provisioners: provisioners.filter((one) => one.directory !== ''),
    settings,
    packages: [],
    variables: {},
    ...kindKeys(kind, layers, settings, problems),
  };
  const variables = variablesOf(image, layers);
  const places = { ...readPlaces(kind, layers), vaulted: vaultedPlaces(variables, layers) };
  return { image: { ...image, variables, places }, yaml };
}

/** Mistakes in these keys are told where their values are read. */
function readPlaces(kind: ImageKind, layers: readonly Layer[]): ImagePlaces {
  const told: OnibError[] = [];
  const placeOf = (key: Key<unknown>): SourcePlace | undefined => readKey(key, layers, told)?.place;
  const suite = placeOf(settingKeys.suite);
  const mirror = placeOf(settingKeys.aptServer) ?? placeOf(settingKeys.aptProxy);
  const packages: Record<string, SourcePlace> = {};
  const found = kind === 'overlay' ? undefined : readKey(imageKeys.packages, layers, told);
  for (const [index, name] of (found?.value ?? []).entries()) {
    const place = found?.entryPlace(index);
    if (place !== undefined) packages[name] = place;
  }
  return {
    ...(suite === undefined ? {} : { suite }),
    ...(mirror === undefined ? {} : { mirror }),
    packages,
  };
}

function vaultedPlaces(
  variables: ImageConfig['variables'],
  layers: readonly Layer[],
): Readonly<Record<string, SourcePlace>> {
  const { files, values } = vaultedIn(variables);
  const names = [...Object.values(files).flat(), ...values.map(([name]) => String(name))];
  return Object.fromEntries(
    names.flatMap((name) => {
      const layer = layers.find((one) => one.values[name] !== undefined);
      return layer === undefined ? [] : [[name, layer.place(name)]];
    }),
  );
}

type KindKeys = Partial<Pick<ImageConfig, 'base' | 'kernelPackage' | 'moduleLayer' | 'packages'>>;

function kindKeys(
  kind: ImageKind,
  layers: readonly Layer[],
  settings: Settings,
  problems: OnibError[],
): KindKeys {
  if (kind === 'overlay') {
    const base = readKey(imageKeys.base, layers, problems)?.value;
    return base === undefined ? {} : { base };
  }
  const packages = readKey(imageKeys.packages, layers, problems)?.value ?? [];
  if (kind === 'base') return { packages };
  const kernelPackage = readKey(imageKeys.kernelPackage, layers, problems)?.value;
  const moduleLayer = readKey(imageKeys.moduleLayer, layers, problems)?.value;
  // The initrd's role reads these two.
  readKey(imageKeys.initrdModules, layers, problems);
  readKey(imageKeys.initrdBinaries, layers, problems);
  return {
    packages,
    kernelPackage: kernelPackage ?? defaultKernel(settings.architecture),
    moduleLayer: moduleLayer ?? ['*'],
  };
}

/** Debian's kernel metapackage of an architecture. */
function defaultKernel(architecture: string): string {
  const flavours: Record<string, string> = { i386: '686', armhf: 'armmp', ppc64el: 'powerpc64le' };
  return `linux-image-${flavours[architecture] ?? architecture}`;
}

/** Known keys stand among the variables under their own names with defaults filled in, so that roles can use them. */
export function variablesOf(
  image: ImageConfig,
  layers: readonly Layer[],
): Readonly<Record<string, unknown>> {
  const merged: Record<string, unknown> = {};
  for (const layer of layers.toReversed()) Object.assign(merged, layer.values);
  const { suite, architecture, components } = image.settings;
  return {
    ...merged,
    suite,
    architecture,
    components,
    ...(image.kernelPackage === undefined ? {} : { kernel_package: image.kernelPackage }),
    ...(image.moduleLayer === undefined ? {} : { modules_layer: image.moduleLayer }),
  };
}

async function readProvisioners(
  context: ImageContext,
  yaml: YamlFile,
  own: Layer,
): Promise<Provisioner[]> {
  const { problems, root } = context;
  const before = problems.length;
  const found = readKey(imageKeys.provisioner, [own], problems);
  if (found === undefined) {
    if (problems.length === before) problems.push(await missingProvisioner(yaml, root));
    return [];
  }
  return await Promise.all(
    found.value.map(async (role, index): Promise<Provisioner> => {
      const listed = Array.isArray(own.values[found.name]);
      const place = own.place(found.name, listed ? [index] : []);
      const directory = await findRole(root, role);
      if (directory === undefined) problems.push(await missingRole(root, role, place));
      return { kind: 'role', role: role.replace(/\/+$/, ''), directory: directory ?? '', place };
    }),
  );
}

async function missingProvisioner(yaml: YamlFile, root: string): Promise<OnibError> {
  const names = namesOf(imageKeys.provisioner);
  const slip = Object.keys(yaml.values).find((key) => nearest(key, names) !== undefined);
  return configProblem(
    'PROVISIONER_MISSING',
    `Cannot use vars file "${yaml.file}": it names no provisioner`,
    slip === undefined ? yaml.place() : yaml.place([slip]),
    slip === undefined
      ? 'provisioner: roles/overlay/<role>'
      : `did you mean "provisioner" instead of "${slip}"?`,
    (await existingRoles(root)).map((role) => `there is ${role}`),
  );
}

async function missingRole(root: string, role: string, place: SourcePlace): Promise<OnibError> {
  const known = await existingRoles(root);
  const kind = kindOfRole(role) ?? 'overlay';
  const newName = role.replace(/^.*\//, '').replace(/^provision_/, '');
  return configProblem(
    'ROLE_MISSING',
    `Cannot use provisioner "${role}": there is no tasks/main.yml in it`,
    place,
    nearRole(role, known) ?? `onib new ${kind} ${newName}`,
    rolePlaces(root, role).map((directory) => `looked in ${directory}`),
  );
}

/** By the whole path, or by the role's name when it lies in another folder. */
function nearRole(role: string, known: readonly string[]): string | undefined {
  const byPath = didYouMean(role, known);
  if (byPath !== undefined) return byPath;
  const last = (name: string): string => name.replace(/\/+$/, '').replace(/^.*\//, '');
  const name = nearest(last(role), known.map(last));
  const match = known.find((candidate) => last(candidate) === name);
  return match === undefined ? undefined : `did you mean "${match}"?`;
}

function readKind(
  yaml: YamlFile,
  own: Layer,
  provisioners: readonly Provisioner[],
  problems: OnibError[],
): ImageKind | undefined {
  const written = readKey(imageKeys.kind, [own], problems);
  const byPath = provisioners.map((one) => ({ one, kind: kindOfRole(one.role) }));
  const expected = written?.value ?? byPath.find(({ kind }) => kind !== undefined)?.kind;
  if (expected === undefined) {
    const [first] = provisioners;
    if (first !== undefined) {
      problems.push(
        configProblem(
          'KIND',
          `Cannot tell what provisioner "${first.role}" makes: its folder is none of roles/initrd, roles/basefs, roles/overlay, roles/oem/overlay`,
          first.place,
          `write "kind: overlay" (or base, initrd) into ${yaml.file}`,
        ),
      );
    }
    return undefined;
  }
  for (const { one, kind } of byPath) {
    if (kind === undefined || kind === expected) continue;
    problems.push(
      configProblem(
        'KIND',
        `Cannot use provisioner "${one.role}" here: it makes ${withArticle(kind)}, and ${written === undefined ? 'the one before it' : 'kind says'} ${withArticle(expected)}`,
        one.place,
        written === undefined
          ? `a role for this image belongs into ${folderOfKind(expected)}`
          : undefined,
      ),
    );
  }
  return expected;
}

function checkVariableNames(yaml: YamlFile, problems: OnibError[]): void {
  for (const name of Object.keys(yaml.values)) {
    if (/^[A-Za-z_]\w*$/.test(name)) continue;
    problems.push(
      configProblem(
        'VARIABLE',
        `Cannot use key "${shown(name)}": it cannot be an Ansible variable`,
        yaml.place([name]),
        'a name has letters, digits and "_", and begins with a letter',
      ),
    );
  }
}

function checkKeysOfKind(yaml: YamlFile, kind: ImageKind, problems: OnibError[]): void {
  for (const key of knownKeys) {
    if (key.kinds.includes(kind) || key.common === true) continue;
    for (const name of namesOf(key).filter((one) => yaml.values[one] !== undefined)) {
      problems.push(
        configProblem(
          'KEY',
          `Cannot use ${name} in "${yaml.file}": ${misplaced(key, kind)}`,
          yaml.place([name]),
        ),
      );
    }
  }
}

function misplaced(key: Key<unknown>, kind: ImageKind): string {
  if (key.projectOnly === true)
    return "it is the whole project's, and belongs into group_vars/on_imagebuild";
  const others = key.kinds.map(withArticle).join(' and ');
  return `it belongs to ${others}, and this is ${withArticle(kind)}`;
}
