/** What a user asks for: `onib build all`, `onib build overlay vars/x.yml`. */
import { didYouMean } from '../core/did-you-mean.js';
import { EXIT, OnibError, OnibErrors } from '../core/errors.js';
import type { Config, ImageConfig } from '../project/config.js';
import type { ImageKind } from '../project/keys/kinds.js';

export interface Wanted {
  /** Images of these kinds; default: all kinds, with boot loaders. */
  readonly kinds?: readonly ImageKind[];
  /** Only these images: `vars/x.yml`, or just `x`. */
  readonly files?: readonly string[];
  /** Build what is asked for, also where it is up to date. */
  readonly force?: boolean;
  /** Look for newer packages than the lock names. */
  readonly refresh?: boolean;
}

/** How errors and titles speak of images of a kind. */
const PLURAL: Readonly<Record<ImageKind, string>> = {
  base: 'base images',
  initrd: 'kernel sets',
  overlay: 'overlays',
};

/**
 * The images that are asked for by themselves (not those that they need).
 *
 * @throws {OnibErrors} a name that no vars file has, or of another kind (exit 2).
 */
export function wantedImages(config: Config, wanted: Wanted): ImageConfig[] {
  const { files = [], kinds } = wanted;
  const ofKinds = config.images.filter((image) => kinds?.includes(image.kind) ?? true);
  if (files.length === 0) {
    if (ofKinds.length === 0 && kinds !== undefined) throw new OnibErrors([noneOfKind(kinds)]);
    return ofKinds;
  }
  const problems: OnibError[] = [];
  const chosen = new Set<ImageConfig>();
  for (const file of files) {
    const image = config.images.find((one) => one.file === file || one.name === nameOf(file));
    if (image === undefined) problems.push(unknownImage(file, ofKinds, kinds));
    else if (kinds?.includes(image.kind) === false) problems.push(otherKind(image, kinds));
    else chosen.add(image);
  }
  if (problems.length > 0) throw new OnibErrors(problems);
  return ofKinds.filter((image) => chosen.has(image));
}

/** Boot loaders belong to what a kernel set needs to boot, and to everything. */
export function wantsLoaders(config: Config, { files = [], kinds }: Wanted): boolean {
  return files.length === 0 && config.images.length > 0 && (kinds?.includes('initrd') ?? true);
}

function nameOf(file: string): string {
  return file.replace(/^(?:\.\/)?(?:vars\/)?/, '').replace(/\.ya?ml$/, '');
}

function unknownImage(
  file: string,
  images: readonly ImageConfig[],
  kinds: readonly ImageKind[] | undefined,
): OnibError {
  const names = images.map(({ name }) => name);
  const name = nameOf(file);
  const kind = kinds?.[0] ?? 'overlay';
  return new OnibError('IMAGE_UNKNOWN', `Cannot build "${file}": there is no such vars file`, {
    exitCode: EXIT.usage,
    hint: didYouMean(name, names) ?? `onib new ${kind} ${name}`,
    details: images.map((image) => `there is ${image.file} (${image.kind})`),
  });
}

function otherKind(image: ImageConfig, kinds: readonly ImageKind[]): OnibError {
  const asked = kinds.map((kind) => PLURAL[kind]).join(' and ');
  return new OnibError(
    'IMAGE_KIND',
    `Cannot build "${image.file}": it is among the ${PLURAL[image.kind]}, not the ${asked}`,
    {
      exitCode: EXIT.usage,
      hint: `onib build ${image.kind} ${image.file}`,
      where: { file: image.file },
    },
  );
}

function noneOfKind(kinds: readonly ImageKind[]): OnibError {
  const asked = kinds.map((kind) => PLURAL[kind]).join(' or ');
  return new OnibError('IMAGE_UNKNOWN', `Cannot build ${asked}: no vars file makes one`, {
    exitCode: EXIT.usage,
    hint: `onib new ${kinds[0] ?? 'overlay'} <name>`,
  });
}
