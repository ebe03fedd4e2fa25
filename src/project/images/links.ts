/** What can be checked only with all images known: bases of overlays, and names. */
import { didYouMean } from '../../core/did-you-mean.js';
import type { OnibError, SourcePlace } from '../../core/errors.js';
import type { ImageConfig } from '../config.js';
import type { ImageKind } from '../keys/kinds.js';
import { onlyOrUsual } from './names.js';
import type { DraftImage } from './read-image.js';
import { fileLayer, variablesOf } from './variables.js';
import { imageKeys } from '../keys/image-keys.js';
import { namesOf, type Key } from '../keys/key.js';
import { settingKeys } from '../keys/setting-keys.js';
import type { Layer } from '../keys/read-key.js';
import { configProblem } from '../yaml/problems.js';
import { shown } from '../keys/values.js';

/** Ties overlays to their bases and checks that no two images have the same name. */
export function linkImages(
  drafts: readonly DraftImage[],
  groups: Readonly<Record<ImageKind, Layer>>,
  problems: OnibError[],
): ImageConfig[] {
  checkNames(drafts, problems);
  const bases = drafts.filter(({ image }) => image.kind === 'base');
  return drafts.map((draft) =>
    draft.image.kind === 'overlay' ? linkOverlay(draft, bases, groups, problems) : draft.image,
  );
}

function checkNames(drafts: readonly DraftImage[], problems: OnibError[]): void {
  const seen = new Map<string, string>();
  for (const { image } of drafts) {
    const other = seen.get(image.name);
    if (other !== undefined) {
      problems.push(
        configProblem(
          'NAME',
          `Cannot use vars file "${image.file}": ${other} has the same name`,
          { file: image.file },
          'rename one of the two',
        ),
      );
    }
    seen.set(image.name, image.file);
  }
}

/** Where the vars file says a key, else its provisioner. */
function keyPlace({ yaml }: DraftImage, key: Key<unknown>): SourcePlace {
  const name = namesOf(key).find((one) => yaml.values[one] !== undefined) ?? 'provisioner';
  return yaml.valuePlace([name]);
}

function linkOverlay(
  draft: DraftImage,
  bases: readonly DraftImage[],
  groups: Readonly<Record<ImageKind, Layer>>,
  problems: OnibError[],
): ImageConfig {
  const base = findBase(draft, bases, problems);
  if (base === undefined) return draft.image;
  const { suite, architecture, components } = base.image.settings;
  const own = { suite, architecture, components };
  for (const name of ['suite', 'architecture', 'components'] as const) {
    checkAgrees(draft, base, name, problems);
  }
  const image = {
    ...draft.image,
    base: base.image.name,
    settings: { ...draft.image.settings, ...own },
  };
  return { ...image, variables: variablesOf(image, [fileLayer(draft.yaml), groups.overlay]) };
}

function findBase(
  { image, yaml }: DraftImage,
  bases: readonly DraftImage[],
  problems: OnibError[],
): DraftImage | undefined {
  const names = bases.map((base) => base.image.name);
  if (image.base !== undefined) {
    const found = bases.find((base) => base.image.name === image.base);
    if (found === undefined) {
      problems.push(
        configProblem(
          'BASE_UNKNOWN',
          `Cannot use base "${shown(image.base)}": no vars file makes a base image of that name`,
          keyPlace({ image, yaml }, imageKeys.base),
          didYouMean(image.base, names) ??
            (names.length === 0 ? 'onib new base base' : `base images: ${names.join(', ')}`),
        ),
      );
    }
    return found;
  }
  const usual = onlyOrUsual(names, 'base');
  if (usual !== undefined) return bases.find((base) => base.image.name === usual);
  problems.push(
    configProblem(
      'BASE_UNKNOWN',
      `Cannot use vars file "${image.file}": ${
        bases.length === 0
          ? 'no vars file makes a base image to put the overlay over'
          : `there are ${bases.length} base images, and it does not say which`
      }`,
      yaml.place(['provisioner']),
      bases.length === 0 ? 'onib new base base' : `base: ${names.join(' or ')}`,
    ),
  );
  return undefined;
}

/** An overlay's packages must be of its base's suite. */
function checkAgrees(
  draft: DraftImage,
  base: DraftImage,
  setting: 'suite' | 'architecture' | 'components',
  problems: OnibError[],
): void {
  const key = settingKeys[setting];
  const name = namesOf(key).find((one) => draft.yaml.values[one] !== undefined);
  const mine = draft.image.settings[setting];
  const theirs = base.image.settings[setting];
  if (name === undefined || JSON.stringify(mine) === JSON.stringify(theirs)) return;
  problems.push(
    configProblem(
      'BASE_DIFFERS',
      `Cannot use ${name} "${shown(mine)}": an overlay has the ${setting} of its base, and base "${base.image.name}" has "${shown(theirs)}"`,
      draft.yaml.valuePlace([name]),
      `leave ${name} out, or set it in ${base.image.file}`,
    ),
  );
}
