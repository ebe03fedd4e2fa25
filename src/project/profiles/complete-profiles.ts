/**
 * All boot profiles of a project: those of boot-profiles.yml, and one for each base image and each
 * overlay that the file does not mention, under its own name.
 */
import type { OnibError } from '../../core/errors.js';
import type { ImageConfig, ProfileConfig, Profiles } from '../config.js';
import { PROFILES_FILE } from '../../contract/names.js';
import { configProblem } from '../yaml/problems.js';
import { findImage, namesOfKind, onlyOrUsual } from '../images/names.js';

/** What every profile has unless it says otherwise. */
export interface ProfileDefaults {
  readonly kernel?: string;
  readonly arguments: readonly string[];
}

/** Fills in bases, kernel sets and common arguments, and adds the profiles that nobody wrote. */
export function completeProfiles(
  written: Profiles,
  defaults: ProfileDefaults,
  images: readonly ImageConfig[],
  problems: OnibError[],
): Profiles {
  const names = new Set(written.profiles.map(({ name }) => name));
  const implied = images
    .filter(({ kind, name }) => kind !== 'initrd' && !names.has(name))
    .map((image) => impliedProfile(image));
  const kernel = commonKernel(written.profiles, defaults, images, problems);
  const profiles = [...written.profiles, ...implied].map((profile) => {
    const base = profile.base ?? baseOf(profile, images, problems);
    const ownKernel = profile.kernel ?? kernel;
    return {
      ...profile,
      arguments: [...defaults.arguments, ...profile.arguments],
      ...(base === undefined ? {} : { base }),
      ...(ownKernel === undefined ? {} : { kernel: ownKernel }),
    };
  });
  const defaultProfile = written.defaultProfile ?? impliedDefault(images);
  return { profiles, ...(defaultProfile === undefined ? {} : { defaultProfile }) };
}

function impliedProfile(image: ImageConfig): ProfileConfig {
  const { name } = image;
  const common = { name, arguments: [], nodes: [] };
  if (image.kind === 'base') return { ...common, base: name, overlays: [] };
  return {
    ...common,
    overlays: [name],
    ...(image.base === undefined ? {} : { base: image.base }),
  };
}

/** The kernel set of profiles that name none. */
function commonKernel(
  written: readonly ProfileConfig[],
  defaults: ProfileDefaults,
  images: readonly ImageConfig[],
  problems: OnibError[],
): string | undefined {
  if (defaults.kernel !== undefined) return defaults.kernel;
  const names = namesOfKind(images, 'initrd');
  const kernel = onlyOrUsual(names, 'kernel');
  const silent = written.find((profile) => profile.kernel === undefined);
  if (kernel === undefined && names.length > 0) {
    problems.push(
      configProblem(
        'PROFILE',
        `Cannot tell which kernel set boots: there are ${names.length} (${names.join(', ')})`,
        silent?.place ?? { file: PROFILES_FILE },
        `write "kernel: ${names[0] ?? ''}" at the top of ${PROFILES_FILE}`,
      ),
    );
  }
  return kernel;
}

/** The base that its overlays are made over, else the usual one. */
function baseOf(
  profile: ProfileConfig,
  images: readonly ImageConfig[],
  problems: OnibError[],
): string | undefined {
  const [overlay] = profile.overlays;
  if (overlay !== undefined) {
    return findImage(images, 'overlay', overlay)?.base;
  }
  const names = namesOfKind(images, 'base');
  const base = onlyOrUsual(names, 'base');
  if (base === undefined && names.length > 0) {
    problems.push(
      configProblem(
        'PROFILE',
        `Cannot tell which base image profile "${profile.name}" boots: there are ${names.length} (${names.join(', ')})`,
        profile.place ?? { file: PROFILES_FILE },
        `write "base: ${names[0] ?? ''}" into it`,
      ),
    );
  }
  return base;
}

/** Without a word from the user: the only overlay, else the bare base image. */
function impliedDefault(images: readonly ImageConfig[]): string | undefined {
  const overlays = images.filter(({ kind }) => kind === 'overlay');
  const [overlay] = overlays;
  if (overlay !== undefined && overlays.length === 1) return overlay.name;
  return onlyOrUsual(namesOfKind(images, 'base'), 'base');
}
