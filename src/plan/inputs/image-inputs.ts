/**
 * What goes into an image and into the boot loaders: role files, variables, settings, tools.
 *
 * Where packages are fetched from is not among them: a nearer mirror gives the same image.
 */
import type { ImageConfig, Settings } from '../../project/config.js';
import { removesAny, type HygieneAllowed } from '../../policy/image-policy.js';
import { imageKeys, namesOf } from '../../project/keys/keys.js';
import type { AptSources } from '../sources.js';
import type { Facts } from '../facts.js';
import type { Inputs } from './inputs.js';
import { provisionerInputs, provisionerName } from './provisioner-inputs.js';
import { toolInputs } from './tools.js';
import { variableInputs } from './variables.js';

/** A date that the user gave, which takes the place of the one that the packages give. */
export const DATE_INPUT = 'setting SOURCE_DATE_EPOCH';
/** Keys that onib itself reads; roles may as well. */
const keyNames = Object.values(imageKeys).flatMap((key) => namesOf(key));

/** Everything that goes into an image, except an overlay's base. */
export function imageInputs(image: ImageConfig, facts: Facts, sources: AptSources): Inputs {
  return {
    ...merged(image.provisioners.map((one) => provisionerInputs(image, one, facts))),
    provisioners: image.provisioners.map(provisionerName).join(' '),
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
    ...image.provisioners.map((one) => ({
      provisioner: provisionerName(one),
      ...provisionerInputs(image, one, facts),
    })),
  ].map((level) => ({ ...level, ...keptInputs(image) }));
}

/** What cleaning leaves in a tree because it is allowed: a snapshot has it, or has it not. */
function keptInputs({ settings: { hygieneAllow = [] } }: ImageConfig): Inputs {
  const kept = hygieneAllow.filter(({ rule }) => removesAny(rule));
  return kept.length === 0 ? {} : { 'setting hygiene_allow': hygieneText(kept) };
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

/** `trixie main, trixie-updates main`: sources without the mirror's address. */
function suitesOf(sources: AptSources): string {
  if (sources.lines.length === 0) return "the bootstrapper's own";
  return sources.lines.map((line) => line.replace(/^deb (?:\[[^\]]*\] )?\S+ /, '')).join(', ');
}
