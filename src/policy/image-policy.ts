/**
 * Paths that an image is kept clean of, in one table. A row says what the bootstrapper leaves and what goes before
 * provisioners run, what the build removes after them, what no finished image may hold, and by which name
 * `hygiene_allow` lets it be there. It drives the cleaning of trees (build/step/clean-tree.ts,
 * provision/bootstrap), the check of artifacts (build/checks/hygiene.ts), the configuration's reference and the
 * tests. Pure.
 */
import type { ArtifactKind } from '../contract/release-manifest.js';
import { nameOf, unless, unlockedAccounts } from './content.js';

/** Of the host that builds: what must not be found in any image. */
export interface HostTraces {
  /** Host names, with ports where they have one, that packages were fetched from or through. */
  readonly mirrors: readonly string[];
  /** The build host's name, where it can be told from a word. */
  readonly hostName?: string;
  /** Absolute paths that exist only while something is built. */
  readonly paths: readonly string[];
}

/** Artifacts that hold a tree: kernels and boot loaders do not. */
export const CHECKED_KINDS = [
  'base',
  'overlay',
  'initrd',
  'modules',
] as const satisfies readonly ArtifactKind[];
export type CheckedKind = (typeof CHECKED_KINDS)[number];

/** A file that the bootstrapper writes; it is no one's intention, so that nothing allows it. A link stays. */
export interface BootstrapTrace {
  readonly path: string;
  /** Default: it is removed. */
  readonly emptied?: true;
  /** Only where the build gave the bootstrapper lines of sources; else the file has its public default. */
  readonly withOwnSources?: true;
}

/** Patterns are of paths relative to the image's root, as archive/tree/exclusion.ts reads them. */
export interface PolicyRow {
  /** As `hygiene_allow` takes it. */
  readonly name: string;
  /** What an image must not hold. */
  readonly paths: readonly string[];
  /** An error ends the build, a warning does not. */
  readonly severity: 'error' | 'warning';
  /** Which artifacts are checked. */
  readonly kinds: readonly CheckedKind[];
  /** What is so, after the path: `is an identity that all nodes would share`. */
  readonly what: string;
  readonly cure: string;
  /** Of these paths, what the build removes when a provisioner has ended, where it is not allowed. Directories stay. */
  readonly removed?: readonly string[] | typeof EVERY_PATH;
  readonly bootstrapper?: readonly BootstrapTrace[];
  /** Everything of that name is a finding, and is removed: directories and links, too. */
  readonly anyKind?: true;
  /**
   * What is wrong in a regular file's bytes, in place of `what`; undefined: nothing. Without it every
   * file that is not empty is wrong.
   */
  readonly finds?: (content: Buffer, host: HostTraces) => string | undefined;
  /** What it finds is a trace of the build: a file as a Debian package ships it has none, whatever it says. */
  readonly isTrace?: true;
}

const EVERY_KIND = CHECKED_KINDS;
/** What only packages' programs leave where they are installed: no initrd or layer of modules is made so. */
const PROVISIONED: readonly CheckedKind[] = ['base', 'overlay'];
const EVERY_PATH = 'every path';
const EVERY_FILE = ['**'];

export const IMAGE_POLICY = [
  {
    name: 'machine-id',
    paths: ['etc/machine-id', 'var/lib/dbus/machine-id'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is an identity that all nodes would share',
    cure: 'empty it, so that each node makes its own: `: >/etc/machine-id`',
    finds: (content) => unless(['', 'uninitialized'].includes(content.toString().trim())),
    // systemd's package makes an id, which debootstrap leaves; an empty file gets one at each boot (machine-id(5)).
    // dbus makes a copy, and on a node a link to the first (/usr/lib/tmpfiles.d/dbus.conf).
    bootstrapper: [{ path: 'etc/machine-id', emptied: true }, { path: 'var/lib/dbus/machine-id' }],
  },
  {
    name: 'host-key',
    paths: ['etc/ssh/ssh_host_*', 'etc/dropbear/dropbear_*_host_key'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is a host key that all nodes would share',
    cure: 'remove it: onib-host-keys.service makes keys on each node',
    removed: EVERY_PATH,
  },
  {
    name: 'random-seed',
    paths: [
      'var/lib/systemd/random-seed',
      'var/lib/systemd/credential.secret',
      'var/lib/urandom/random-seed',
      'etc/nvme/hostid',
      'etc/nvme/hostnqn',
    ],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is a secret or a seed that all nodes would share',
    cure: 'remove it in the role',
    removed: EVERY_PATH,
  },
  {
    name: 'password',
    paths: ['etc/shadow*', 'etc/gshadow*', 'etc/passwd*'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'lets somebody in with a password',
    cure: 'lock the account: `password: "*"` of ansible.builtin.user; or give nodes keys instead',
    finds: unlockedAccounts,
  },
  {
    name: 'authorized-keys',
    paths: ['**/.ssh/authorized_keys*', 'etc/ssh/authorized_keys*'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'lets the owners of these keys into every node',
    cure: 'remove it in the role',
  },
  {
    name: 'private-key',
    paths: ['**/.ssh/id_*', 'etc/ssl/private/*'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is a private key that everybody can read who fetches the image',
    cure: 'remove it in the role, and make another key: this one has left the host',
    finds: (content) => unless(!content.includes('PRIVATE KEY')),
  },
  {
    name: 'shell-history',
    paths: [
      ...['**/.bash_history', '**/.ash_history', '**/.zsh_history', '**/.python_history'],
      ...['**/.lesshst', '**/.viminfo', '**/.wget-hsts'],
    ],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is the history of somebody’s work',
    cure: 'remove it in the role',
    removed: ['root/.bash_history'],
  },
  {
    name: 'log',
    paths: ['var/log/**'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is a log of the build',
    cure: 'empty it in the role: `truncate -s 0`',
    removed: EVERY_PATH,
    bootstrapper: [{ path: 'var/log/bootstrap.log' }],
  },
  {
    name: 'apt-lists',
    paths: ['var/lib/apt/lists/**'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is a package list, out of date tomorrow',
    cure: 'remove it in the role',
    removed: EVERY_PATH,
  },
  {
    name: 'apt-cache',
    paths: ['var/cache/apt/**'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is apt’s cache, which no node needs',
    cure: 'remove it in the role',
    removed: EVERY_PATH,
  },
  {
    name: 'temporary',
    paths: ['tmp/**', 'var/tmp/**', 'run/**'],
    severity: 'warning',
    kinds: PROVISIONED,
    what: 'is a temporary file of the build',
    cure: 'remove it in the role, or put it elsewhere: a node has a /run and a /tmp of its own',
    removed: EVERY_PATH,
  },
  {
    name: 'backup',
    paths: [
      ...['etc/passwd-', 'etc/shadow-', 'etc/group-', 'etc/gshadow-', 'etc/subuid-', 'etc/subgid-'],
      ...['var/cache/debconf/*-old', 'var/lib/dpkg/*-old', 'var/backups/**', 'etc/.pwd.lock'],
    ],
    severity: 'warning',
    kinds: PROVISIONED,
    what: 'is an old copy that a program keeps of its file, or its lock',
    cure: 'remove it in the role',
    removed: EVERY_PATH,
  },
  {
    name: 'cache',
    paths: ['var/cache/man/**', 'var/cache/ldconfig/aux-cache'],
    severity: 'warning',
    kinds: PROVISIONED,
    what: 'is a cache, which its program makes anew',
    cure: 'remove it in the role',
    removed: EVERY_PATH,
  },
  {
    name: 'ansible',
    paths: ['**/.ansible', '**/.ansible_async'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is left of Ansible',
    cure: 'remove it in the role',
    anyKind: true,
    removed: ['root/.ansible'],
  },
  {
    name: 'python-bytecode',
    paths: ['**/*.pyc', '**/__pycache__'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'is bytecode, which Python makes anew where it wants it',
    cure: 'remove it in the role: `find / -xdev -name __pycache__ -prune -exec rm -r {} +`',
    anyKind: true,
  },
  {
    name: 'resolv-conf',
    paths: ['etc/resolv.conf', 'etc/.resolv.conf.systemd-resolved.bak'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'has name servers of its own, where a node gets them by DHCP',
    cure: 'leave systemd-resolved’s link as it is',
    // The second is what systemd-resolved's package keeps of the first, which is the build host's then.
    removed: ['etc/.resolv.conf.systemd-resolved.bak'],
    bootstrapper: [{ path: 'etc/resolv.conf' }],
  },
  {
    name: 'mirror',
    paths: EVERY_FILE,
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'names the mirror or proxy of the build',
    cure: 'remove it in the role; nodes may not reach it',
    finds: (content, { mirrors }) =>
      nameOf('names the mirror or proxy of the build', content, mirrors),
    isTrace: true,
    bootstrapper: [
      { path: 'etc/apt/apt.conf.d/99mmdebstrap' },
      { path: 'etc/apt/preferences.d/99onib' },
      { path: 'etc/apt/sources.list', withOwnSources: true },
    ],
  },
  {
    name: 'build-host',
    paths: ['etc/**'],
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'names the build host',
    cure: 'remove it in the role',
    finds: (content, { hostName }) =>
      nameOf('names the build host', content, hostName === undefined ? [] : [hostName]),
    isTrace: true,
    bootstrapper: [{ path: 'etc/hostname' }],
  },
  {
    name: 'build-path',
    paths: EVERY_FILE,
    severity: 'error',
    kinds: EVERY_KIND,
    what: 'names a directory of the build',
    cure: 'remove it in the role; no node has that directory',
    finds: (content, { paths }) => nameOf('names a directory of the build', content, paths),
    isTrace: true,
  },
] as const satisfies readonly PolicyRow[];

export type PolicyName = (typeof IMAGE_POLICY)[number]['name'];

/** A row that does not count, for paths that a pattern fits and all that is below them. */
export interface HygieneAllowed {
  readonly rule: PolicyName;
  readonly path: string;
}

/**
 * Files that a tree is given while provisioners run (provision/tree/build-time-files.ts). Of a copy that a role makes of one
 * nothing stays while it is as it was given.
 */
export const BUILD_TIME_FILES = {
  resolvConf: 'etc/resolv.conf',
  policyRcD: 'usr/sbin/policy-rc.d',
  aptOptions: 'etc/apt/apt.conf.d/99onib',
  sources: 'etc/apt/sources.list.d/onib.list',
  lockedSources: 'etc/apt/sources.list.d/onib-locked.list',
  preferences: 'etc/apt/preferences.d/99onib',
} as const;

/** Patterns of what the build removes by a row. */
export function removedPaths({ paths, removed = [] }: PolicyRow): readonly string[] {
  return removed === EVERY_PATH ? paths : removed;
}

/** Whether the build removes something by that row, so that an allowance changes a tree before it is checked. */
export function removesAny(name: PolicyName): boolean {
  return IMAGE_POLICY.some((row: PolicyRow) => row.name === name && removedPaths(row).length > 0);
}
