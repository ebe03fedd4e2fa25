/** Looks into a finished artifact before it goes into the store: is it clean, and what is in it? */
import path from 'node:path';
import {
  archiveFormat,
  withContents,
  type ArtifactContents,
} from '../../archive/contents/with-contents.js';
import { addedPackages, packageList } from '../../archive/contents/package-list.js';
import { shippedDigests } from '../../archive/contents/shipped-digests.js';
import { OnibErrors } from '../../core/errors.js';
import { LOCKED_IN_TREE } from '../../provision/apt/locked-repository.js';
import { TOOLBOX_IN_TREE } from '../../provision/tree/python-toolbox.js';
import type { Artifact, PackageInfo } from '../../contract/release-manifest.js';
import type { PlanStep } from '../../plan/plan.js';
import type { Store } from '../../store/store.js';
import { hostTraces } from './host-traces.js';
import { findUnclean, hygieneErrors, hygieneWarning, type Shipped } from './hygiene.js';
import { PackageOrigins } from './package-origins.js';
import { taskOfPath, type ProvisionedTree } from '../record/task-of-path.js';

export interface InspectRequest {
  /** Absolute path of the finished artifact. */
  readonly file: string;
  readonly described: Pick<Artifact, 'fileName' | 'kind'>;
  readonly step: PlanStep;
  readonly context: {
    readonly hostName: string;
    /** Absolute paths: of the project, and of the tmpfs in which trees are built. */
    readonly project: string;
    readonly cell: string;
    readonly store: Store;
  };
  readonly warn: (message: string) => void;
}

export interface Provenance {
  /** The tree that was packed. */
  readonly packed?: ProvisionedTree;
  /** Tree with the packages that the files are from, where the artifact holds no such list itself. */
  readonly origin?: string;
  /** Of an overlay: its base image, whose packages do not count. */
  readonly base?: Artifact;
}

/**
 * @returns the packages in it
 * @throws {OnibErrors} `HYGIENE` for all that no image may hold
 */
export async function inspectArtifact(
  request: InspectRequest,
  { packed, origin, base }: Provenance,
): Promise<readonly PackageInfo[]> {
  const { file } = request;
  const image = base === undefined ? undefined : request.context.store.objectPath(base.digest);
  const origins = origin === undefined ? undefined : await PackageOrigins.read(origin);
  if ((await archiveFormat(file)) === undefined) {
    return origin === undefined ? [] : (origins?.ofPath(path.relative(origin, file)) ?? []);
  }
  const shipped: Shipped[] = [
    ...(origins === undefined ? [] : [() => Promise.resolve(origins.shipped)]),
    // A file of the base whose mode alone was changed is in the overlay, with the bytes of its package.
    ...(image === undefined ? [] : [() => withContents(image, shippedDigests)]),
  ];
  return await withContents(file, async (contents) => {
    await refuseUnclean(contents, request, { packed, shipped });
    if (origins !== undefined) return await origins.ofContents(contents);
    const packages = await packageList(contents);
    if (image === undefined || packages.length === 0) return packages;
    return addedPackages(packages, base?.packages ?? (await withContents(image, packageList)));
  });
}

async function refuseUnclean(
  contents: ArtifactContents,
  { described: { fileName, kind }, step, context, warn }: InspectRequest,
  {
    packed,
    shipped,
  }: { readonly packed: ProvisionedTree | undefined; readonly shipped: readonly Shipped[] },
): Promise<void> {
  if (step.kind === 'loaders' || kind === 'kernel' || kind === 'loader') return;
  const host = {
    name: context.hostName,
    project: context.project,
    places: [context.cell, TOOLBOX_IN_TREE, LOCKED_IN_TREE],
  };
  const traces = hostTraces(host, step.sources);
  const { hygieneAllow } = step.image.settings;
  const findings = await findUnclean(contents, kind, traces, hygieneAllow, shipped);
  if (findings.length === 0) return;
  const told = await Promise.all(
    findings.map(async (finding) => {
      const task = packed === undefined ? undefined : await taskOfPath(finding.path, packed);
      return task === undefined ? finding : { ...finding, task };
    }),
  );
  for (const finding of told) {
    if (finding.rule.severity === 'warning') warn(hygieneWarning(finding));
  }
  const errors = told.filter(({ rule }) => rule.severity === 'error');
  if (errors.length === 0) return;
  throw new OnibErrors(hygieneErrors(errors, { fileName, varsFile: step.image.file }));
}
