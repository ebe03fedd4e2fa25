/** Looks into a finished artifact before it goes into the store: is it clean, and what is in it? */
import path from 'node:path';
import {
  archiveFormat,
  withContents,
  type ArtifactContents,
} from '../../archive/contents/with-contents.js';
import { addedPackages, packageList } from '../../archive/contents/package-list.js';
import { OnibErrors } from '../../core/errors.js';
import { LOCKED_IN_TREE } from '../../provision/apt/locked-repository.js';
import { TOOLBOX_IN_TREE } from '../../provision/tree/python-toolbox.js';
import type { Artifact, PackageInfo } from '../../contract/release-manifest.js';
import type { PlanStep } from '../../plan/plan.js';
import type { Store } from '../../store/store.js';
import { findUnclean, hostTraces, hygieneErrors, hygieneWarning } from './hygiene.js';
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
  const origins = origin === undefined ? undefined : await PackageOrigins.read(origin);
  if ((await archiveFormat(file)) === undefined) {
    return origin === undefined ? [] : (origins?.ofPath(path.relative(origin, file)) ?? []);
  }
  return await withContents(file, async (contents) => {
    await refuseUnclean(contents, request, packed);
    if (origins !== undefined) return await origins.ofContents(contents);
    const packages = await packageList(contents);
    if (base === undefined || packages.length === 0) return packages;
    const image = request.context.store.objectPath(base.digest);
    return addedPackages(packages, base.packages ?? (await withContents(image, packageList)));
  });
}

async function refuseUnclean(
  contents: ArtifactContents,
  { described: { fileName, kind }, step, context, warn }: InspectRequest,
  packed: ProvisionedTree | undefined,
): Promise<void> {
  if (step.kind === 'loaders' || kind === 'kernel' || kind === 'loader') return;
  const host = {
    name: context.hostName,
    project: context.project,
    places: [context.cell, TOOLBOX_IN_TREE, LOCKED_IN_TREE],
  };
  const traces = hostTraces(host, step.sources);
  const findings = await findUnclean(contents, kind, traces, step.image.settings.hygieneAllow);
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
