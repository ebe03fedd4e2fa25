/** Makes artifacts of finished trees: packs and checks them, moves them into the store and describes them. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { PreviousImageOptions } from '../../archive/squashfs/repack/previous-image.js';
import { findArtifact } from '../../contract/artifact-key.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { CompressionSettings } from '../../archive/squashfs/format/format.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { inputDigest } from '../../plan/inputs/inputs.js';
import type { Provenance } from '../checks/inspect-artifact.js';
import type { ProvisionedTree } from '../record/task-of-path.js';
import type { StepServices } from './services.js';

/** What a recipe says of an artifact; the rest follows from the step and the file. */
type Described = Pick<Artifact, 'kind' | 'name' | 'fileName' | 'format'> &
  Partial<Pick<Artifact, 'kernelVersion'>>;

/** What packs and checks; much of it, so it is loaded when it is wanted. */
async function packers() {
  const [squashfs, overlay, guard, inspect] = await Promise.all([
    import('../../archive/pack/pack-squashfs.js'),
    import('../../archive/pack/pack-overlay.js'),
    import('../checks/guard-overlay.js'),
    import('../checks/inspect-artifact.js'),
  ]);
  return {
    packSquashfs: squashfs.packSquashfs,
    packOverlay: overlay.packOverlay,
    guardOverlay: guard.guardOverlay,
    inspectArtifact: inspect.inspectArtifact,
  };
}

/** Loads what packing needs, while there is nothing else to do. */
export function prepareToPack(): void {
  // What fails here fails again, and is told, where it is needed.
  packers().catch(() => undefined);
}

/**
 * Packs a tree as squashfs; blocks that the current release's image of the same name has are copied.
 *
 * @param origin Tree with the packages that the files are from, where the packed one holds no list of them.
 */
export async function packSquashfs(
  tree: string,
  described: Described,
  services: StepServices,
  origin?: string,
): Promise<Artifact> {
  const { file, options } = await beginPacking(tree, described, services);
  const previous = previousImage(described, services);
  return await services.holding(tree, async () => {
    const { blocks, copiedBlocks } = await (
      await packers()
    ).packSquashfs(tree, file, {
      ...compressionOf(services.settings),
      ...(previous === undefined ? {} : { previous }),
      ...options,
    });
    services.log(
      `${String(blocks)} blocks, ${String(copiedBlocks)} copied from the previous image`,
    );
    return await keep(file, described, services, {
      packed: provisioned(tree, services),
      ...(origin === undefined ? {} : { origin }),
    });
  });
}

function compressionOf({
  compression,
  compressionLevel,
  compressionBlockSize,
}: Settings): CompressionSettings {
  return {
    compressor: compression,
    blockSize: compressionBlockSize,
    ...(compressionLevel === undefined ? {} : { level: compressionLevel }),
  };
}

/** The image of the same name in the current release, whose unchanged blocks are copied. */
function previousImage(
  described: Described,
  { context: { previous, store } }: StepServices,
): PreviousImageOptions | undefined {
  const image = findArtifact(previous, described);
  if (image === undefined) return undefined;
  return { file: store.objectPath(image.digest), digest: image.digest };
}

/** Warns of, or refuses, what would break every node that gets this overlay. */
export async function guardOverlay(
  name: string,
  changes: string,
  base: Artifact,
  services: StepServices,
): Promise<void> {
  services.stage('compare with the base image');
  const request = {
    name,
    changes: provisioned(changes, services),
    base: services.context.store.objectPath(base.digest),
    warn: (message: string) => {
      services.warn(message);
    },
  };
  const guard = (await packers()).guardOverlay;
  await services.holding(changes, () => guard(request));
}

/** Packs the changes over a base as one compressed cpio archive. */
export async function packOverlay(
  changes: string,
  described: Described,
  base: Artifact,
  services: StepServices,
): Promise<Artifact> {
  const { file, options } = await beginPacking(changes, described, services);
  return await services.holding(changes, async () => {
    await (await packers()).packOverlay(changes, file, options);
    return await keep(file, described, services, { packed: provisioned(changes, services), base });
  });
}

interface Packing {
  /** Absolute path of the archive that is to be written. */
  readonly file: string;
  readonly options: {
    readonly sourceDateEpoch: number;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: { bytesDone: number; bytesTotal: number }) => void;
  };
}

async function beginPacking(
  tree: string,
  { fileName }: Described,
  services: StepServices,
): Promise<Packing> {
  services.stage(`pack ${fileName}`);
  await services.date.addTree(tree);
  return {
    file: path.join(services.context.workspace, fileName),
    options: {
      sourceDateEpoch: services.date.seconds,
      signal: services.signal,
      onProgress: ({ bytesDone, bytesTotal }) => {
        services.progress(bytesDone, bytesTotal);
      },
    },
  };
}

function provisioned(tree: string, { context, tasks }: StepServices): ProvisionedTree {
  return { tree, project: context.project, tasks };
}

/** Checks a finished file, moves it into the store and describes it. */
export async function keep(
  file: string,
  described: Described,
  services: StepServices,
  from: Provenance = {},
): Promise<Artifact> {
  services.throwIfLogIncomplete();
  const { step, context, settings } = services;
  const { inspectArtifact } = await packers();
  const warn = (message: string): void => {
    services.warn(message);
  };
  const packages = await inspectArtifact({ file, described, step, context, warn }, from);
  const { digest, size } = await context.store.putObject(file);
  await rm(file, { force: true });
  const base = from.base === undefined ? undefined : from.base.digest;
  const inputs = { ...services.packages.inputs, ...(base === undefined ? {} : { base }) };
  return {
    ...described,
    ...(base === undefined ? {} : { baseDigest: base }),
    digest,
    size,
    architecture: settings.architecture,
    inputs,
    inputDigest: inputDigest(inputs),
    packages,
    seconds: services.seconds,
  };
}
