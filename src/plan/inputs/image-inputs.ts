/**
 * What goes into an image and into the boot loaders: role files, variables, settings, tools.
 *
 * Where packages are fetched from is not among them: a nearer mirror gives the same image.
 */
import type { ImageConfig } from '../../project/config.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { imageKeys } from '../../project/keys/image-keys.js';
import { namesOf, rowsOf, type Shapes } from '../../project/keys/key.js';
import type { AptSources } from '../sources.js';
import type { Facts } from '../facts.js';
import type { Inputs } from './inputs.js';
import { provisionerInputs, provisionerName } from './provisioner-inputs.js';
import { DATE_INPUT, keptInputs, settingInputs } from './setting-inputs.js';
import { toolInputs } from './tools.js';
import { variableInputs } from './variables.js';

/** Names of the keys of vars files; onib itself reads these variables, roles may as well. */
const namesOfKeys = (shapes: Shapes): string[] =>
  rowsOf(imageKeys).flatMap(([, key]) => (key.shapes === shapes ? namesOf(key) : []));

const TREE_KEYS = namesOfKeys('tree');
const REST_KEYS = namesOfKeys('rest');

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

/** The tree before provisioning: Debian's packages, for an overlay those of its base. */
function treeInputs(image: ImageConfig, facts: Facts, sources: AptSources): Inputs {
  const common = {
    ...settingInputs(image, 'tree'),
    sources: suitesOf(sources),
    ...(facts.sourceDate === undefined ? {} : { [DATE_INPUT]: String(facts.sourceDate) }),
    ...toolInputs(['onib'], facts),
  };
  if (image.kind === 'overlay') return common;
  return {
    ...common,
    ...variableInputs(TREE_KEYS, image.variables),
    ...toolInputs([image.settings.bootstrap], facts),
  };
}

/** What happens after provisioning: onib's own keys, and how the image is packed. */
function packingInputs(image: ImageConfig, facts: Facts): Inputs {
  return {
    ...variableInputs([...TREE_KEYS, ...REST_KEYS], image.variables),
    ...settingInputs(image, 'rest'),
    ...(image.kind === 'overlay' ? {} : toolInputs(['libsquashfs1'], facts)),
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

/** `trixie main, trixie-updates main`: sources without the mirror's address. */
function suitesOf(sources: AptSources): string {
  if (sources.lines.length === 0) return "the bootstrapper's own";
  return sources.lines.map((line) => line.replace(/^deb (?:\[[^\]]*\] )?\S+ /, '')).join(', ');
}
