/**
 * Makes a minimal Debian tree with mmdebstrap or debootstrap.
 *
 * Nothing of the build host stays in it: sources, proxy settings, resolv.conf and hostname that the
 * bootstrapper needs while it runs are removed again.
 */
import type { OnibError } from '../../core/errors.js';
import { withCommand } from '../../host/failure-report.js';
import { unmountBelow } from '../../host/mounts.js';
import { run, type RunResult } from '../../host/run.js';
import type { AptSources } from '../../plan/sources.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { markAutomatic } from './automatic-packages.js';
import { removeBootstrapTraces } from './bootstrap-traces.js';
import { explainAptFailure, type AptImage } from '../apt/apt-failure.js';

export interface BootstrapRequest {
  /** `base image "base"`, for messages. */
  readonly what: string;
  readonly image: AptImage;
  readonly settings: Settings;
  readonly packages: readonly string[];
  readonly sources: AptSources;
  /** Absolute path of an empty or missing directory. */
  readonly tree: string;
  /** Directory of downloaded packages, read and added to. */
  readonly archives: string;
  /** For the bootstrapper and the packages' scripts. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** INITRD=No: a kernel package's postinst would make an initrd of its own that nothing uses (update-initramfs(8)). */
const BOOTSTRAP_ENVIRONMENT = { LC_ALL: 'C.UTF-8', INITRD: 'No' };

/** @throws {OnibError} see `explainAptFailure`; `BOOTSTRAP_FAILED` otherwise. */
export async function bootstrap(request: BootstrapRequest): Promise<void> {
  const command =
    request.settings.bootstrap === 'mmdebstrap'
      ? mmdebstrapCommand(request)
      : debootstrapCommand(request);
  const result = await runBootstrapper(command, request);
  if (result.exitCode !== 0) {
    throw withCommand(explainBootstrapFailure(request.what, result, request.image), command);
  }
  await removeBootstrapTraces(request.tree, request.sources.lines.length > 0);
  await markAutomatic(request.tree, request.packages, request.settings.architecture);
}

async function runBootstrapper(command: Command, request: BootstrapRequest): Promise<RunResult> {
  try {
    return await run(command.argv, {
      ...(command.input === undefined ? {} : { input: command.input }),
      env: { ...command.env, ...request.environment },
      signal: request.signal,
      check: false,
      debianPackage: request.settings.bootstrap,
      onLine: request.onLine,
    });
  } finally {
    // One that fails leaves the cache of packages mounted, and debootstrap /proc and /sys too.
    await unmountBelow(request.tree);
  }
}

interface Command {
  readonly argv: string[];
  readonly input?: string;
  readonly env: Record<string, string>;
}

/** mmdebstrap reads sources from standard input when the mirror is `-`. */
export function bootstrapMirrorArguments(
  settings: Settings,
  sources: AptSources,
): { options: string[]; target: string[]; input: string } {
  const options = [
    `--architectures=${settings.architecture}`,
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Retries "3"',
  ];
  if (sources.proxy !== undefined) {
    options.push(`--aptopt=Acquire::http::Proxy "${sources.proxy}"`);
  }
  if (sources.lines.length === 0) {
    return {
      options: [...options, `--components=${settings.components.join(',')}`],
      target: [],
      input: '',
    };
  }
  return { options, target: ['-'], input: `${sources.lines.join('\n')}\n` };
}

const WRITE_PREFERENCES =
  'mkdir -p "$1/etc/apt/preferences.d" && printf %s "$ONIB_PREFERENCES" >"$1/etc/apt/preferences.d/99onib"';

function mmdebstrapCommand(request: BootstrapRequest): Command {
  const mirror = bootstrapMirrorArguments(request.settings, request.sources);
  const include = request.packages.length === 0 ? [] : [`--include=${request.packages.join(',')}`];
  return {
    argv: [
      ...['mmdebstrap', '--mode=root', '--variant=minbase', ...include, ...mirror.options],
      // The cache of downloaded packages takes the place of the tree's own archives directory.
      '--setup-hook=mkdir -p "$1/var/cache/apt/archives" && mount --bind "$ONIB_ARCHIVES" "$1/var/cache/apt/archives"',
      '--customize-hook=umount "$1/var/cache/apt/archives"',
      // Pins count from the first package on.
      ...(request.sources.preferences === undefined ? [] : [`--setup-hook=${WRITE_PREFERENCES}`]),
      '--skip=download/empty,essential/unlink',
      ...[request.settings.suite, request.tree, ...mirror.target],
    ],
    input: mirror.input,
    env: {
      ONIB_ARCHIVES: request.archives,
      ...(request.sources.preferences === undefined
        ? {}
        : { ONIB_PREFERENCES: request.sources.preferences }),
      ...BOOTSTRAP_ENVIRONMENT,
    },
  };
}

/**
 * debootstrap knows one mirror and no lists of sources: updates and security come with the provisioners' apt.
 * Where apt says `copy:` it says `file:`; what lies there is unsigned, and known by its digests.
 */
function debootstrapCommand(request: BootstrapRequest): Command {
  const [, source] = /^deb (?:\[[^\]]*\] )?(\S+) /.exec(request.sources.lines[0] ?? '') ?? [];
  const local = source?.startsWith('copy:') === true;
  const mirror = local ? `file:${decodeURI(source.slice('copy:'.length))}` : source;
  return {
    argv: [
      ...['debootstrap', '--variant=minbase', `--arch=${request.settings.architecture}`],
      `--components=${request.settings.components.join(',')}`,
      ...(request.packages.length === 0 ? [] : [`--include=${request.packages.join(',')}`]),
      `--cache-dir=${request.archives}`,
      ...(local ? ['--no-check-gpg'] : []),
      ...[request.settings.suite, request.tree, ...(mirror === undefined ? [] : [mirror])],
    ],
    env: {
      ...BOOTSTRAP_ENVIRONMENT,
      ...(request.sources.proxy === undefined ? {} : { http_proxy: request.sources.proxy }),
    },
  };
}

export function explainBootstrapFailure(
  what: string,
  result: RunResult,
  image: AptImage,
): OnibError {
  return explainAptFailure(what, result.stderr + result.stdout, 'BOOTSTRAP_FAILED', image);
}
