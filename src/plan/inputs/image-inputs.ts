/**
 * What goes into an image and into the boot loaders: role files, variables, settings, tools.
 *
 * Where packages are fetched from is not among them: a nearer mirror gives the same image.
 */
import type { ImageConfig, Provisioner, Settings } from '../../project/config.js';
import type { HygieneAllowed } from '../../policy/image-policy.js';
import { imageKeys, namesOf, settingNames } from '../../project/keys/keys.js';
import type { AptSources } from '../sources.js';
import type { Facts } from '../facts.js';
import { digestOf, type Inputs } from './inputs.js';

/** Keys of a vars file that say how the build runs; what follows from them is recorded as such. */
const NO_VARIABLES = new Set(['provisioner', 'provisioners', 'kind', 'base']);

/** A date that the user gave, which takes the place of the one that the packages give. */
export const DATE_INPUT = 'setting SOURCE_DATE_EPOCH';
/** Keys that onib itself reads; roles may as well. */
const keyNames = Object.values(imageKeys).flatMap((key) => namesOf(key));

/** Everything that goes into an image, except an overlay's base. */
export function imageInputs(image: ImageConfig, facts: Facts, sources: AptSources): Inputs {
  return {
    ...merged(image.provisioners.map((one) => roleInputs(image, one, facts))),
    provisioners: image.provisioners.map(({ role }) => role).join(' '),
    ...treeInputs(image, facts, sources),
    ...packingInputs(image, facts),
  };
}

function merged(inputs: readonly Inputs[]): Inputs {
  return Object.fromEntries(inputs.flatMap((one) => Object.entries(one)));
}

/** What goes into an image's tree before its provisioners run: `levels[0]`; then each of them. */
export function levelInputs(image: ImageConfig, facts: Facts, sources: AptSources): Inputs[] {
  return [
    treeInputs(image, facts, sources),
    ...image.provisioners.map((one) => ({ role: one.role, ...roleInputs(image, one, facts) })),
  ];
}

/** A provisioner: its files, and the variables that they name. */
function roleInputs(image: ImageConfig, { directory }: Provisioner, facts: Facts): Inputs {
  const role = facts.roles[directory];
  const used = usedVariables(image.variables, wordsOf(directory, facts));
  return {
    ...facts.shared.files,
    ...role?.files,
    ...variableInputs(used, image.variables),
    ...toolInputs(['onib', 'ansible-core'], facts),
  };
}

/** Sets of names that a role can use; undefined: any. */
function wordsOf(directory: string, facts: Facts): readonly ReadonlySet<string>[] | undefined {
  const words = [facts.roles[directory]?.words, facts.shared.words];
  return words.every((set) => set !== undefined) ? words : undefined;
}

/** Whether a provisioner can use what Ansible finds out about its host; that takes it a second. */
export function usesHostFacts(
  image: ImageConfig,
  { directory }: Provisioner,
  facts: Facts,
): boolean {
  const words = wordsOf(directory, facts);
  if (words === undefined) return true;
  const values = usedVariables(image.variables, words).map((name) => image.variables[name]);
  const named = [...words.flatMap((set) => [...set]), ...wordsIn(values)];
  return named.some((word) => word.startsWith('ansible_'));
}

/** The tree before provisioning: Debian's packages, for an overlay those of its base. */
function treeInputs(image: ImageConfig, facts: Facts, sources: AptSources): Inputs {
  const { suite, architecture, components, bootstrap } = image.settings;
  const common = {
    'setting suite': suite,
    'setting architecture': architecture,
    'setting components': components.join(' '),
    sources: suitesOf(sources),
    ...(facts.sourceDate === undefined ? {} : { [DATE_INPUT]: String(facts.sourceDate) }),
    ...toolInputs(['onib'], facts),
  };
  if (image.kind === 'overlay') return common;
  return {
    ...common,
    'setting bootstrap': bootstrap,
    ...variableInputs(['packages', 'kernel_package'], image.variables),
    ...toolInputs([bootstrap], facts),
  };
}

/** What happens after provisioning: onib's own keys, and how the image is packed. */
function packingInputs(image: ImageConfig, facts: Facts): Inputs {
  const { hygieneAllow } = image.settings;
  const own = {
    ...variableInputs(keyNames, image.variables),
    ...(hygieneAllow === undefined ? {} : { 'setting hygiene_allow': hygieneText(hygieneAllow) }),
  };
  if (image.kind === 'overlay') return own;
  const { compressor, level, blockSize } = image.settings.compression;
  const compression = [compressor, level, `${blockSize / 1024}K`].filter(Boolean).join(' ');
  return { ...own, 'setting compression': compression, ...toolInputs(['libsquashfs1'], facts) };
}

function hygieneText(allowed: readonly HygieneAllowed[]): string {
  return allowed.map(({ rule, path }) => `${rule}: ${path}`).join(', ');
}

/**
 * Names of variables that files with these words can use, directly or through another variable's
 * value. Ansible's own (`ansible_become`) steer it without being named.
 */
function usedVariables(
  variables: Readonly<Record<string, unknown>>,
  words: readonly ReadonlySet<string>[] | undefined,
): string[] {
  const names = Object.keys(variables);
  if (words === undefined) return names;
  const used = new Set(
    names.filter((name) => name.startsWith('ansible_') || words.some((set) => set.has(name))),
  );
  for (const name of used) {
    for (const word of wordsIn(variables[name])) {
      if (Object.hasOwn(variables, word)) used.add(word);
    }
  }
  return [...used];
}

function wordsIn(value: unknown): string[] {
  return JSON.stringify(value).match(/[A-Za-z_]\w*/g) ?? [];
}

/** Everything that goes into the boot loaders. */
export function loaderInputs(
  settings: Settings,
  files: readonly string[],
  facts: Facts,
  sources: AptSources,
): Inputs {
  return {
    files: files.join(' '),
    'setting suite': settings.suite,
    sources: suitesOf(sources),
    ...toolInputs(['onib'], facts),
  };
}

/** Digests, because a variable may hold a secret and inputs stand in the release manifest. */
function variableInputs(
  names: readonly string[],
  variables: Readonly<Record<string, unknown>>,
): Inputs {
  const present = names.filter(
    (name) => Object.hasOwn(variables, name) && !settingNames.has(name) && !NO_VARIABLES.has(name),
  );
  return Object.fromEntries(present.map((name) => [`var ${name}`, digestOf(variables[name])]));
}

/** `trixie main, trixie-updates main`: sources without the mirror's address. */
function suitesOf(sources: AptSources): string {
  if (sources.lines.length === 0) return "the bootstrapper's own";
  return sources.lines.map((line) => line.replace(/^deb (?:\[[^\]]*\] )?\S+ /, '')).join(', ');
}

function toolInputs(names: readonly string[], facts: Facts): Inputs {
  return Object.fromEntries(
    names.map((name) => [`tool ${name}`, facts.tools[name] ?? 'not a Debian package']),
  );
}
