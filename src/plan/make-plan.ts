/** Configuration and facts to a plan: which steps, in which order, and why. */
import type { Config, ImageConfig, Settings } from '../project/config.js';
import type { ImageLock } from '../lock/model.js';
import type { Digest } from '../core/digest.js';
import type { Artifact, ArtifactKind } from '../contract/release-manifest.js';
import { deepFreeze } from '../core/freeze.js';
import { imageInputs, levelInputs, loaderInputs, usesHostFacts } from './inputs/image-inputs.js';
import { inputDigest, type Inputs } from './inputs/inputs.js';
import { takeKnown, type Product } from './reuse.js';
import {
  askedDigest,
  packageInputs,
  requestDigest,
  withoutPackages,
  withPackages,
} from './inputs/package-inputs.js';
import { changeInWords } from '../core/version-changes.js';
import { sourcesKey, type AptSources } from './sources.js';
import type {
  BaseStep,
  KernelSetStep,
  LoadersStep,
  OverlayStep,
  Plan,
  PlanStep,
  StepLock,
} from './plan.js';
import type { Facts } from './facts.js';
import { BASE_INPUT, inputReasons } from './inputs/reasons.js';
import { wantedImages, wantsLoaders, type Wanted } from './wanted-images.js';

export type { Wanted } from './wanted-images.js';

/** iPXE of Debian's `ipxe` package: BIOS, UEFI on the firmware's own network driver, UEFI with its own drivers. */
export const LOADERS = ['undionly.kpxe', 'snponly.efi', 'ipxe.efi'] as const;

const LOADERS_TITLE = 'boot loaders';

const KERNEL_SET_KINDS = ['kernel', 'initrd', 'modules'] as const;

interface Context {
  readonly config: Config;
  readonly facts: Facts;
  readonly force: boolean;
  /** Images that were asked for by themselves. */
  readonly wanted: ReadonlySet<ImageConfig>;
}

/**
 * Plans a build. Pure: the same arguments give the same plan.
 *
 * @throws {OnibErrors} when `wanted` names what the project does not have (exit 2).
 */
export function makePlan(config: Config, facts: Facts, wanted: Wanted): Plan {
  const asked: Context = {
    config,
    facts,
    force: wanted.force ?? false,
    wanted: new Set(wantedImages(config, wanted)),
  };
  const { reuse, context } = withKnown(asked, wantsLoaders(config, wanted));
  const kernelSets = imagesOf(context, 'initrd').flatMap((image) => kernelSetStep(image, context));
  const bases = neededBases(context).flatMap((image) => baseStep(image, context));
  const overlays = imagesOf(context, 'overlay').flatMap((image) =>
    overlayStep(image, bases, context),
  );
  const loaders = wantsLoaders(config, wanted) ? loadersStep(context) : [];
  const steps: PlanStep[] = [...kernelSets, ...bases, ...overlays, ...loaders];
  const { defaultProfile } = config;
  return deepFreeze({
    root: config.root,
    store: config.settings.artifactPath,
    buildRootSize: config.settings.buildRootSize,
    lockNames: [...config.images.map(({ name }) => name), LOADERS_TITLE],
    steps,
    reuse,
    ...sortOut(steps, context),
    profiles: config.profiles,
    ...(defaultProfile === undefined ? {} : { defaultProfile }),
  });
}

/** The context as if what was built before and fits were in the current release already. */
function withKnown(context: Context, loaders: boolean): Pick<Plan, 'reuse'> & { context: Context } {
  const { facts, force } = context;
  const products: Product[] = [
    ...imagesOf(context, 'initrd').flatMap((image) => productOf(image, KERNEL_SET_KINDS, context)),
    ...neededBases(context).flatMap((image) => productOf(image, ['base'], context)),
    ...imagesOf(context, 'overlay').flatMap((image) => productOf(image, ['overlay'], context)),
  ];
  const parts = LOADERS.map((name) => ['loader', name] as const);
  const { lock, inputs } = lockedInputs(ofLoaders(context), context);
  if (loaders && lock !== undefined) products.push({ parts, inputs });
  const current = facts.current ?? { artifacts: [], profiles: [] };
  const known = force ? [] : (facts.known ?? []);
  const { artifacts, taken } = takeKnown(current.artifacts, known, products);
  if (taken.length === 0) return { reuse: [], context };
  return {
    reuse: taken,
    context: { ...context, facts: { ...facts, current: { ...current, artifacts } } },
  };
}

/** None for an image whose packages are open: what was built before may have other ones. */
function productOf(
  image: ImageConfig,
  kinds: readonly ArtifactKind[],
  context: Context,
): Product[] {
  const { lock, inputs } = lockedInputs(ofImage(image, context), context);
  if (lock === undefined) return [];
  const parts = kinds.map((kind) => [kind, image.name] as const);
  return [{ parts, inputs, ...(image.kind === 'overlay' ? { base: image.base ?? '' } : {}) }];
}

function imagesOf(context: Context, kind: ImageConfig['kind']): ImageConfig[] {
  return [...context.wanted].filter((image) => image.kind === kind);
}

/** Bases that were asked for, and those that overlays need. */
function neededBases(context: Context): ImageConfig[] {
  const names = new Set(imagesOf(context, 'overlay').map(({ base }) => base));
  return context.config.images.filter(
    (image) => image.kind === 'base' && (context.wanted.has(image) || names.has(image.name)),
  );
}

function baseStep(image: ImageConfig, context: Context): BaseStep[] {
  const sources = sourcesOf(image, context);
  const locked = lockedInputs(ofImage(image, context), context);
  const artifact = findArtifact(context, 'base', image.name);
  const reasons = [...forced(image, context), ...changes([artifact], locked, context)];
  if (reasons.length === 0) return [];
  const fileName = `base.${image.settings.suite}.squashfs`;
  const title = titleOf('base', image.name);
  const provisioned = provisioning(image, context);
  return [{ kind: 'base', title, image, fileName, reasons, sources, ...provisioned, ...locked }];
}

function kernelSetStep(image: ImageConfig, context: Context): KernelSetStep[] {
  const sources = sourcesOf(image, context);
  const locked = lockedInputs(ofImage(image, context), context);
  const artifacts = KERNEL_SET_KINDS.map((kind) => findArtifact(context, kind, image.name));
  const reasons = [...forced(image, context), ...changes(artifacts, locked, context)];
  if (reasons.length === 0) return [];
  const title = titleOf('kernel set', image.name);
  const provisioned = provisioning(image, context);
  return [{ kind: 'kernel-set', title, image, reasons, sources, ...provisioned, ...locked }];
}

function overlayStep(
  image: ImageConfig,
  bases: readonly BaseStep[],
  context: Context,
): OverlayStep[] {
  const sources = sourcesOf(image, context);
  const name = image.base ?? '';
  const base = bases.find((step) => step.image.name === name);
  const locked = lockedInputs({ ...ofImage(image, context), baseName: name, base }, context);
  const artifact = findArtifact(context, 'overlay', image.name);
  const baseArtifact = findArtifact(context, 'base', name);
  const planned = baseArtifact === undefined || base !== undefined;
  const overBase = planned
    ? [`base image "${name}" is rebuilt`]
    : artifact?.inputs[BASE_INPUT] === baseArtifact.digest
      ? []
      : ['it was made over another base image'];
  const changed = changes([artifact], locked, context);
  const reasons = [
    ...forced(image, context),
    ...changed,
    // For a first build the base is no further reason.
    ...(artifact === undefined ? [] : overBase),
  ];
  if (reasons.length === 0) return [];
  return [
    {
      kind: 'overlay',
      title: titleOf('overlay', image.name),
      image,
      fileName: `${image.name}.overlay.cpio.gz`,
      base: planned ? { planned: name } : { artifact: baseArtifact },
      reasons,
      sources,
      ...provisioning(image, context),
      ...locked,
    },
  ];
}

function loadersStep(context: Context): LoadersStep[] {
  const { settings } = context.config;
  const sources = context.facts.sources[sourcesKey(settings)] ?? { lines: [] };
  const locked = lockedInputs(ofLoaders(context), context);
  const artifacts = LOADERS.map((name) => findArtifact(context, 'loader', name));
  const reasons = [...(context.force ? ['forced'] : []), ...changes(artifacts, locked, context)];
  if (reasons.length === 0) return [];
  const title = LOADERS_TITLE;
  const common = { title, reasons, sources, levels: [], hostFacts: [], ...locked };
  return [{ kind: 'loaders', settings, files: LOADERS, ...common }];
}

interface LockedInputs {
  readonly lockName: string;
  readonly inputs: Inputs;
  readonly asked: Digest;
  readonly lock?: StepLock;
  readonly fresh: boolean;
}

interface Unlocked {
  readonly lockName: string;
  readonly inputs: Inputs;
  readonly asked: Digest;
  readonly settings: Settings;
  /** Overlays: their base, and its step when it is built as well. */
  readonly baseName?: string;
  readonly base?: BaseStep | undefined;
}

function ofImage(image: ImageConfig, context: Context): Unlocked {
  const inputs = imageInputs(image, context.facts, sourcesOf(image, context));
  return {
    lockName: image.name,
    inputs,
    asked: askedDigest(inputs, payloadOf(image, context.facts)),
    settings: image.settings,
  };
}

/** Files that are payload for every provisioner that has them. */
function payloadOf({ provisioners }: ImageConfig, { roles }: Facts): ReadonlySet<string> {
  const own = provisioners.flatMap(({ directory }) => roles[directory] ?? []);
  const names = own.flatMap(({ payload }) => [...payload]);
  return new Set(
    names.filter((name) =>
      own.every(({ files, payload }) => payload.has(name) || !(name in files)),
    ),
  );
}

function ofLoaders({ config: { settings }, facts }: Context): Unlocked {
  const sources = facts.sources[sourcesKey(settings)] ?? { lines: [] };
  const inputs = loaderInputs(settings, LOADERS, facts, sources);
  const asked = askedDigest(inputs, new Set());
  return { lockName: LOADERS_TITLE, inputs, asked, settings };
}

/** A lock's entry, where it is of the suite and the architecture that are wanted now. */
function entryFor(
  entry: ImageLock | undefined,
  { suite, architecture }: Settings,
): ImageLock | undefined {
  const fits =
    (entry?.suite ?? suite) === suite && (entry?.architecture ?? architecture) === architecture;
  return fits ? entry : undefined;
}

/** Inputs with the packages that the lock names, and how far a build may rely on it. */
function lockedInputs(
  { lockName, inputs, asked, settings, baseName, base }: Unlocked,
  { facts, force }: Context,
): LockedInputs {
  const entry = entryFor(facts.lock[lockName], settings);
  const renewed = (facts.newer?.[lockName] ?? []).length > 0;
  const fresh = force || renewed;
  if (entry === undefined || renewed) return { lockName, inputs, asked, fresh };
  const { packages } = entry;
  const below = baseName === undefined ? [] : (facts.lock[baseName]?.packages ?? []);
  const settled = base === undefined || base.lock?.complete === true;
  return {
    ...{ lockName, asked, fresh },
    inputs: withPackages(inputs, packageInputs(packages, settings.architecture)),
    lock: { packages, complete: settled && entry.request === requestDigest(asked, below) },
  };
}

/** `kernel set kernel` says the same twice, and so does `base base`. */
function titleOf(what: string, name: string): string {
  return `${what} ${name}`;
}

function sourcesOf(image: ImageConfig, context: Context): AptSources {
  return context.facts.sources[sourcesKey(image.settings)] ?? { lines: [] };
}

function provisioning(
  image: ImageConfig,
  context: Context,
): Pick<PlanStep, 'levels' | 'hostFacts'> {
  const { facts } = context;
  return {
    levels: levelInputs(image, facts, sourcesOf(image, context)).map(inputDigest),
    hostFacts: image.provisioners.map((one) => usesHostFacts(image, one, facts)),
  };
}

function forced(image: ImageConfig, context: Context): string[] {
  return context.force && context.wanted.has(image) ? ['forced'] : [];
}

/** Why artifacts that are built together do not have these inputs. */
function changes(
  artifacts: readonly (Artifact | undefined)[],
  { inputs, lock, lockName }: LockedInputs,
  { facts }: Context,
): string[] {
  const present = artifacts.filter((artifact) => artifact !== undefined);
  if (present.length === 0) return ['first build'];
  if (present.length < artifacts.length) return ['a part is missing from the current release'];
  const newer = facts.newer?.[lockName] ?? [];
  const recorded = (artifact: Artifact): Inputs =>
    lock === undefined ? withoutPackages(artifact.inputs) : artifact.inputs;
  const reasons = present.flatMap((artifact) => inputReasons(recorded(artifact), inputs));
  if (newer.length > 0) reasons.push(...newer.map((change) => `package ${changeInWords(change)}`));
  else if (lock === undefined) reasons.push('onib.lock does not name its packages');
  return [...new Set(reasons)];
}

function findArtifact(context: Context, kind: ArtifactKind, name: string): Artifact | undefined {
  return context.facts.current?.artifacts.find(
    (artifact) => artifact.kind === kind && artifact.name === name,
  );
}

/** What of the current release stays, and what no longer fits. What a step makes anew is neither. */
function sortOut(steps: readonly PlanStep[], context: Context): Pick<Plan, 'keep' | 'drop'> {
  const left = (context.facts.current?.artifacts ?? []).filter(
    (artifact) => !steps.some((step) => makes(step, artifact)),
  );
  const bases = left.filter(
    (artifact) => artifact.kind === 'base' && orphaned(artifact, context) === undefined,
  );
  const keep: Artifact[] = [];
  const drop: { artifact: Artifact; reason: string }[] = [];
  for (const artifact of left) {
    const reason = orphaned(artifact, context) ?? baseGone(artifact, bases, steps, context);
    if (reason === undefined) keep.push(artifact);
    else drop.push({ artifact, reason });
  }
  return { keep, drop };
}

function makes(step: PlanStep, { kind, name }: Artifact): boolean {
  switch (step.kind) {
    case 'loaders':
      return kind === 'loader' && step.files.includes(name);
    case 'kernel-set':
      return KERNEL_SET_KINDS.some((one) => one === kind) && name === step.image.name;
    case 'base':
    case 'overlay':
      return kind === step.kind && name === step.image.name;
  }
}

function orphaned({ kind, name }: Artifact, { config }: Context): string | undefined {
  if (kind === 'loader') {
    return LOADERS.some((loader) => loader === name) ? undefined : 'it is no longer offered';
  }
  const imageKind = kind === 'base' || kind === 'overlay' ? kind : 'initrd';
  const owned = config.images.some((image) => image.kind === imageKind && image.name === name);
  return owned ? undefined : `no vars file "${name}" makes it any more`;
}

/** An overlay holds what changed over one base: over another it would not fit. */
function baseGone(
  artifact: Artifact,
  bases: readonly Artifact[],
  steps: readonly PlanStep[],
  { config }: Context,
): string | undefined {
  if (artifact.kind !== 'overlay') return undefined;
  if (bases.some((base) => base.digest === artifact.baseDigest)) return undefined;
  const name = config.images.find(
    (image) => image.kind === 'overlay' && image.name === artifact.name,
  )?.base;
  const rebuilt = steps.some((step) => step.kind === 'base' && step.image.name === name);
  return rebuilt
    ? `base image "${name ?? ''}" is rebuilt: onib build overlay vars/${artifact.name}.yml`
    : 'its base image is no longer in the release';
}
