/**
 * What may have to be built: each image that is wanted or needed, and the boot loaders, with all that
 * goes into it. Whether it is built is decided in steps.ts, against what is there already.
 */
import type { ImageConfig } from '../project/config.js';
import { neededBases, wantedOfKind, type Context } from './context.js';
import { imageInputs, loaderInputs } from './inputs/image-inputs.js';
import { askedDigest } from './inputs/package-inputs.js';
import { payloadOf } from './inputs/provisioner-inputs.js';
import { withLock } from './locked.js';
import type { BaseStep, KernelSetStep, LoadersStep, OverlayStep, PlanStep } from './plan.js';
import { LOADER_PRODUCTS, LOADERS, LOADERS_TITLE, productsOf } from './products.js';
import { sourcesFor } from './sources.js';

/** A step without what is decided, or needed, only when it is built. */
type Unplanned<Step extends PlanStep> = Omit<Step, 'reasons' | 'base' | 'levels' | 'hostFacts'>;

export type OverlayCandidate = Unplanned<OverlayStep>;

export type Candidate =
  Unplanned<BaseStep> | Unplanned<KernelSetStep> | OverlayCandidate | Unplanned<LoadersStep>;

/** In build order: bases before what is made over them. */
export function candidatesOf(context: Context): Candidate[] {
  return [
    ...wantedOfKind(context, 'initrd').map((image) => kernelSet(image, context)),
    ...neededBases(context).map((image) => base(image, context)),
    ...wantedOfKind(context, 'overlay').map((image) => overlay(image, context)),
    ...(context.wantsLoaders ? [loaders(context)] : []),
  ];
}

function kernelSet(image: ImageConfig, context: Context): Candidate {
  return { kind: 'kernel-set', title: `kernel set ${image.name}`, ...ofImage(image, context) };
}

function base(image: ImageConfig, context: Context): Candidate {
  return {
    kind: 'base',
    title: `base ${image.name}`,
    fileName: `base.${image.settings.suite}.squashfs`,
    ...ofImage(image, context),
  };
}

function overlay(image: ImageConfig, context: Context): Candidate {
  return {
    kind: 'overlay',
    title: `overlay ${image.name}`,
    fileName: `${image.name}.overlay.cpio.gz`,
    ...ofImage(image, context),
  };
}

function ofImage(
  image: ImageConfig,
  context: Context,
): Omit<Unplanned<KernelSetStep>, 'kind' | 'title'> {
  const { settings } = image;
  const { facts } = context;
  const sources = sourcesFor(settings, facts.sources);
  const inputs = imageInputs(image, facts, sources);
  return {
    ...{ image, settings, sources, products: productsOf(image) },
    ...withLock(
      {
        ...{ lockName: image.name, settings, inputs },
        asked: askedDigest(inputs, payloadOf(image, facts)),
        ...(image.base === undefined ? {} : { baseName: image.base }),
      },
      context,
    ),
  };
}

function loaders(context: Context): Candidate {
  const { config, facts } = context;
  const { settings } = config;
  const sources = sourcesFor(settings, facts.sources);
  const inputs = loaderInputs(settings, LOADERS, facts, sources);
  const asked = askedDigest(inputs, new Set());
  return {
    ...{ kind: 'loaders', title: LOADERS_TITLE, files: LOADERS, products: LOADER_PRODUCTS },
    ...{ settings, sources },
    ...withLock({ lockName: LOADERS_TITLE, settings, inputs, asked }, context),
  };
}
