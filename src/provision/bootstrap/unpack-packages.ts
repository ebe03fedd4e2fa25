/** Unpacks Debian packages of a suite, with what they depend on, without configuring any. */
import { withCommand } from '../../host/failure-report.js';
import { run } from '../../host/run.js';
import type { AptSources } from '../../plan/sources.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { explainAptFailure } from '../apt/apt-failure.js';
import { bootstrapMirrorArguments } from './bootstrap.js';

export interface UnpackRequest {
  /** For messages: `Python toolbox`. */
  readonly what: string;
  readonly packages: readonly string[];
  readonly settings: Settings;
  readonly sources: AptSources;
  /** Absolute path of an empty or missing directory. */
  readonly tree: string;
  /** Leave package lists and downloaded packages in the tree. */
  readonly keepDownloads?: boolean;
  readonly signal: AbortSignal;
}

/** @throws {OnibError} see `explainAptFailure`; `UNPACK_FAILED` otherwise. */
export async function unpackPackages(request: UnpackRequest): Promise<void> {
  const mirror = bootstrapMirrorArguments(request.settings, request.sources);
  const argv = [
    ...['mmdebstrap', '--mode=root', '--variant=extract'],
    ...(request.keepDownloads === true ? ['--skip=cleanup/apt,download/empty'] : []),
    ...[`--include=${request.packages.join(',')}`, ...mirror.options],
    ...[request.settings.suite, request.tree, ...mirror.target],
  ];
  const { input } = mirror;
  const result = await run(argv, {
    ...{ input, signal: request.signal, check: false, debianPackage: 'mmdebstrap' },
  });
  if (result.exitCode !== 0) {
    const output = result.stderr + result.stdout;
    throw withCommand(explainAptFailure(request.what, output, 'UNPACK_FAILED'), { argv, input });
  }
}
