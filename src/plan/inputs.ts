/**
 * What goes into an artifact, by name, and the identity made of it. Names begin with a word that
 * `reasons.ts` knows how to speak of: `role <file>`, `var <name>`, `setting <name>`, `tool <name>`.
 *
 * Where packages are fetched from is not among them: a nearer mirror gives the same image.
 */
import { createHash } from 'node:crypto';
import type { ImageConfig, Settings } from '../project/config.js';
import { settingNames } from '../project/keys.js';
import type { Digest } from '../store/manifest.js';
import type { AptSources, Facts, Inputs } from './plan.js';

/** Keys of a vars file that say how the build runs; what follows from them is recorded as such. */
const NO_VARIABLES = new Set(['provisioner', 'provisioners', 'kind', 'base']);

/** A date that the user gave, which takes the place of the one that the packages give. */
export const DATE_INPUT = 'setting SOURCE_DATE_EPOCH';

/** Identity of a set of inputs: sha256 over `[name, value]` pairs sorted by name, as JSON. */
export function inputDigest(inputs: Inputs): Digest {
  return digestOf(sortedEntries(inputs));
}

/** Everything that goes into an image, except an overlay's base. */
export function imageInputs(image: ImageConfig, facts: Facts, sources: AptSources): Inputs {
  return {
    provisioners: image.provisioners.map(({ role }) => role).join(' '),
    ...settingInputs(image),
    ...variableInputs(image.variables),
    ...facts.roleFiles[image.name],
    sources: suitesOf(sources),
    ...(facts.sourceDate === undefined ? {} : { [DATE_INPUT]: String(facts.sourceDate) }),
    ...toolInputs(toolsOf(image), facts),
  };
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

function settingInputs({ kind, settings }: ImageConfig): Inputs {
  const inputs: Record<string, string> = {
    'setting suite': settings.suite,
    'setting architecture': settings.architecture,
    'setting components': settings.components.join(' '),
  };
  if (kind === 'overlay') return inputs;
  const { compressor, level, blockSize } = settings.compression;
  return {
    ...inputs,
    'setting bootstrap': settings.bootstrap,
    'setting compression': [compressor, level, `${blockSize / 1024}K`].filter(Boolean).join(' '),
  };
}

/** Digests, because a variable may hold a secret and inputs stand in the release manifest. */
function variableInputs(variables: Readonly<Record<string, unknown>>): Inputs {
  const names = Object.keys(variables).filter(
    (name) => !settingNames.has(name) && !NO_VARIABLES.has(name),
  );
  return Object.fromEntries(names.map((name) => [`var ${name}`, digestOf(variables[name])]));
}

/** `trixie main, trixie-updates main`: sources without the mirror's address. */
function suitesOf(sources: AptSources): string {
  if (sources.lines.length === 0) return "the bootstrapper's own";
  return sources.lines.map((line) => line.split(' ').slice(2).join(' ')).join(', ');
}

function toolsOf(image: ImageConfig): readonly string[] {
  if (image.kind === 'overlay') return ['onib', 'ansible-core'];
  return ['onib', 'ansible-core', 'libsquashfs1', image.settings.bootstrap];
}

function toolInputs(names: readonly string[], facts: Facts): Inputs {
  return Object.fromEntries(
    names.map((name) => [`tool ${name}`, facts.tools[name] ?? 'not a Debian package']),
  );
}

function digestOf(value: unknown): Digest {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}

/** JSON with the keys of every map sorted, so that their order in a file does not matter. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(sortedEntries(inner as Record<string, unknown>))
      : inner,
  );
}

function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1));
}
