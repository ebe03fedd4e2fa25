/**
 * A plain Debian of a release, bootstrapped from nothing with the mirror of this machine, and commands in it as
 * on a machine of its own: whatever this machine has by accident is not there.
 *
 * Each command has mount and PID namespaces of its own, so that the kernel takes away what it mounts and starts.
 */
import { access, mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { aptSources, readHostApt } from '../../src/facts/apt/apt-sources.js';
import { run, type RunResult } from '../../src/host/run.js';
import { removeTree } from '../../src/host/trees.js';
import { packageRoot } from '../../src/core/package.js';
import { readSettings } from '../../src/project/keys/settings.js';

export type Suite = 'bookworm' | 'trixie';

/** Where files of this machine are seen in the tree while a command runs. */
const FROM_HOST = '/run/host';

/** A file or directory of this machine, and where it is seen in the tree. */
type Binding = readonly [source: string, target: string];

interface HostSide {
  readonly bindings: readonly Binding[];
  readonly environment: Readonly<Record<string, string>>;
}

/** $1: the tree; then pairs of source and target up to `--`, and the command. */
const ENTER = `
tree=$1; shift
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount -t sysfs sysfs "$tree/sys"
mount --rbind /dev "$tree/dev"
mount -t tmpfs tmpfs "$tree/run"
mount -t tmpfs tmpfs "$tree/tmp"
mkdir -p "$tree/run/lock"
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir -p "$tree$2"; else mkdir -p "$tree\${2%/*}"; [ -e "$tree$2" ] || : >"$tree$2"; fi
  mount --bind "$1" "$tree$2"
  shift 2
done
shift
exec chroot "$tree" "$@"`;

export class DebianTree implements AsyncDisposable {
  private constructor(
    /** Absolute path. */
    readonly directory: string,
    private readonly host: HostSide,
  ) {}

  /** Bootstraps the release's minimal system with some packages. */
  static async bootstrap(suite: Suite): Promise<DebianTree> {
    const directory = await mkdtemp(path.join(tmpdir(), `onib-plain-${suite}-`));
    const settings = { ...readSettings(directory, [], []), suite };
    const { lines, proxy } = aptSources(settings, await readHostApt());
    const own = RELEASES[suite];
    const argv = [
      ...['mmdebstrap', '--mode=root', '--variant=minbase', `--include=${own.packages.join(',')}`],
      ...(proxy === undefined ? [] : [`--aptopt=Acquire::http::Proxy "${proxy}"`]),
      ...[suite, directory, ...(lines.length === 0 ? [] : ['-'])],
    ];
    await run(argv, { input: `${lines.join('\n')}\n` });
    const npm = await npmSettings();
    const node = own.node ? { bindings: [] } : await nodeOfHost(directory);
    const bindings = [...RESOLVER, ...npm.bindings, ...node.bindings];
    return new DebianTree(directory, { bindings, environment: npm.environment });
  }

  /** Copies the project as it stands, without what git ignores, to a directory of the tree. */
  async copyProject(target: string): Promise<void> {
    await mkdir(path.join(this.directory, target), { recursive: true });
    const copy = `git ls-files -z --cached --others --exclude-standard |
      while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\\0' "$file"; done |
      tar -c --null -T - | tar -x --no-same-owner -C "$1"`;
    await run(['bash', '-eu', '-o', 'pipefail', '-c', copy, 'bash', this.directory + target], {
      cwd: packageRoot,
    });
  }

  /** Runs a shell line as root; a failure is a result. */
  async run(line: string, environment: Readonly<Record<string, string>> = {}): Promise<RunResult> {
    const { bindings } = this.host;
    const clean = {
      HOME: '/root',
      LANG: 'C.UTF-8',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...this.host.environment,
      ...environment,
    };
    const variables = Object.entries(clean).map(([name, value]) => `${name}=${value}`);
    return await run(
      [
        ...['setpriv', '--pdeathsig', 'KILL', '--', 'unshare', '--mount', '--pid', '--fork'],
        ...['--kill-child=KILL', '--propagation', 'private', '--'],
        ...['sh', '-euc', ENTER, 'sh', this.directory, ...bindings.flat(), '--'],
        ...['env', '-i', ...variables, 'sh', '-c', line],
      ],
      { check: false },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeTree(this.directory);
  }
}

/** Debian 12's own Node is 18: there this machine's Node and npm are seen in /usr/local. */
const RELEASES: Readonly<Record<Suite, { packages: readonly string[]; node: boolean }>> = {
  bookworm: { packages: ['ca-certificates'], node: false },
  trixie: { packages: ['ca-certificates', 'nodejs', 'npm'], node: true },
};

const RESOLVER: readonly Binding[] = [
  ['/etc/resolv.conf', '/etc/resolv.conf'],
  ['/etc/hosts', '/etc/hosts'],
];

async function nodeOfHost(tree: string): Promise<{ readonly bindings: readonly Binding[] }> {
  const { stdout } = await run(['npm', 'root', '--global']);
  const npm = path.join(stdout.trim(), 'npm');
  const target = '/usr/local/lib/node_modules/npm';
  for (const name of ['npm', 'npx']) {
    await symlink(`${target}/bin/${name}-cli.js`, path.join(tree, 'usr/local/bin', name));
  }
  return {
    bindings: [
      [process.execPath, '/usr/local/bin/node'],
      [npm, target],
    ],
  };
}

/** How this machine reaches the npm registry: its settings and its authorities, which stay outside of the tree. */
async function npmSettings(): Promise<HostSide> {
  const bindings: Binding[] = [];
  const environment: Record<string, string> = {};
  const see = async (file: string, name: string, ...variables: string[]): Promise<void> => {
    if (!(await isThere(file))) return;
    bindings.push([file, `${FROM_HOST}/${name}`]);
    for (const variable of variables) environment[variable] = `${FROM_HOST}/${name}`;
  };
  const asked = ['userconfig', 'globalconfig', 'cafile', 'registry'];
  const { stdout } = await run(['npm', 'config', 'list', '--long', '--json'], { cwd: '/' });
  const settings = JSON.parse(stdout) as Record<string, unknown>;
  const [user = '', global = '', authorities = '', registry = ''] = asked.map((key) =>
    typeof settings[key] === 'string' ? settings[key] : '',
  );
  await see(user, 'npmrc', 'npm_config_userconfig');
  await see(global, 'npmrc-global', 'npm_config_globalconfig');
  await see(authorities, 'authorities.pem', 'npm_config_cafile');
  await see(process.env.NODE_EXTRA_CA_CERTS ?? '', 'extra.pem', 'NODE_EXTRA_CA_CERTS');
  environment.npm_config_registry = registry;
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
    const value = process.env[name] ?? process.env[name.toUpperCase()];
    if (value !== undefined) environment[name] = value;
  }
  return { bindings, environment };
}

async function isThere(file: string): Promise<boolean> {
  if (file === '') return false;
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** Debian packages that set-up installs. */
export async function listedPackages(): Promise<string[]> {
  const text = await readFile(path.join(packageRoot, 'debian-packages.txt'), 'utf8');
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}
