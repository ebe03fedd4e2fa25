/**
 * What no image may hold, in one table: it drives the check of every artifact (build/checks/hygiene.ts), the
 * names that `hygiene_allow` takes, docs/reference/configuration.md and the tests. Pure.
 */

/** Of the host that builds: what must not be found in any image. */
export interface HostTraces {
  /** Host names, with ports where they have one, that packages were fetched from or through. */
  readonly mirrors: readonly string[];
  /** The build host's name, when it is no common word. */
  readonly hostName?: string;
  /** Absolute paths that exist only while something is built. */
  readonly paths: readonly string[];
}

export interface HygieneRule {
  /** As `hygiene_allow` takes it. */
  readonly name: string;
  /** Patterns of paths relative to the image's root, as archive/tree/exclusion.ts reads them. */
  readonly paths: readonly string[];
  /** What is so, after the path: `is an identity that all nodes would share`. */
  readonly what: string;
  readonly cure: string;
  /** Everything of that name is a finding: directories and links, too. */
  readonly anyKind?: true;
  /**
   * What is wrong in a regular file's bytes, in place of `what`; undefined: nothing. Without it every
   * file that is not empty is wrong.
   */
  readonly finds?: (content: Buffer, host: HostTraces) => string | undefined;
}

const EVERY_FILE = ['**'];

export const HYGIENE_RULES = [
  {
    name: 'machine-id',
    paths: ['etc/machine-id', 'var/lib/dbus/machine-id'],
    what: 'is an identity that all nodes would share',
    cure: 'empty it, so that each node makes its own: `: >/etc/machine-id`',
    finds: (content) => unless(['', 'uninitialized'].includes(content.toString().trim())),
  },
  {
    name: 'host-key',
    paths: ['etc/ssh/ssh_host_*', 'etc/dropbear/dropbear_*_host_key'],
    what: 'is a host key that all nodes would share',
    cure: 'remove it: onib-host-keys.service makes keys on each node',
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
    what: 'is a secret or a seed that all nodes would share',
    cure: 'remove it in the role',
  },
  {
    name: 'password',
    paths: ['etc/shadow*', 'etc/gshadow*', 'etc/passwd*'],
    what: 'lets somebody in with a password',
    cure: 'lock the account: `password: "*"` of ansible.builtin.user; or give nodes keys instead',
    finds: unlockedAccounts,
  },
  {
    name: 'authorized-keys',
    paths: ['**/.ssh/authorized_keys*', 'etc/ssh/authorized_keys*'],
    what: 'lets the owners of these keys into every node',
    cure: 'remove it in the role',
  },
  {
    name: 'private-key',
    paths: ['**/.ssh/id_*', 'etc/ssl/private/*'],
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
    what: 'is the history of somebody’s work',
    cure: 'remove it in the role',
  },
  {
    name: 'log',
    paths: ['var/log/**'],
    what: 'is a log of the build',
    cure: 'empty it in the role: `truncate -s 0`',
  },
  {
    name: 'apt-lists',
    paths: ['var/lib/apt/lists/**'],
    what: 'is a package list, out of date tomorrow',
    cure: 'remove it in the role',
  },
  {
    name: 'apt-cache',
    paths: ['var/cache/apt/**'],
    what: 'is apt’s cache, which no node needs',
    cure: 'remove it in the role',
  },
  {
    name: 'ansible',
    paths: ['**/.ansible', '**/.ansible_async'],
    what: 'is left of Ansible',
    cure: 'remove it in the role',
    anyKind: true,
  },
  {
    name: 'python-bytecode',
    paths: ['**/*.pyc', '**/__pycache__'],
    what: 'is bytecode, which Python makes anew where it wants it',
    cure: 'remove it in the role: `find / -xdev -name __pycache__ -prune -exec rm -r {} +`',
    anyKind: true,
  },
  {
    name: 'resolv-conf',
    paths: ['etc/resolv.conf'],
    what: 'has name servers of its own, where a node gets them by DHCP',
    cure: 'leave systemd-resolved’s link as it is',
  },
  {
    name: 'mirror',
    paths: EVERY_FILE,
    what: 'names the mirror or proxy of the build',
    cure: 'remove it in the role; nodes may not reach it',
    finds: (content, { mirrors }) =>
      nameOf('names the mirror or proxy of the build', content, mirrors),
  },
  {
    name: 'build-host',
    paths: ['etc/**'],
    what: 'names the build host',
    cure: 'remove it in the role',
    finds: (content, { hostName }) =>
      nameOf('names the build host', content, hostName === undefined ? [] : [hostName]),
  },
  {
    name: 'build-path',
    paths: EVERY_FILE,
    what: 'names a directory of the build',
    cure: 'remove it in the role; no node has that directory',
    finds: (content, { paths }) => nameOf('names a directory of the build', content, paths),
  },
] as const satisfies readonly HygieneRule[];

export type HygieneRuleName = (typeof HYGIENE_RULES)[number]['name'];

/** A rule that is not kept on purpose, for paths that a pattern fits. */
export interface HygieneAllowed {
  readonly rule: HygieneRuleName;
  readonly path: string;
}

/** `''`: a finding that the rule's own words describe. */
function unless(harmless: boolean): string | undefined {
  return harmless ? undefined : '';
}

/** Of a line in gshadow(5). */
const GROUP_FIELDS = 4;

/** shadow(5), gshadow(5), passwd(5): the second field. `!` or `*` in front lock an account; a group may have none. */
function unlockedAccounts(content: Buffer): string | undefined {
  const accounts = content
    .toString('latin1')
    .split('\n')
    .map((line) => line.split(':'));
  const open = accounts.filter((fields) => {
    const [, password] = fields;
    if (password === '') return fields.length !== GROUP_FIELDS;
    return password !== undefined && password !== 'x' && !/^[!*]/.test(password);
  });
  if (open.length === 0) return undefined;
  return `lets ${open.map(([name = '']) => name).join(', ')} in with a password, or without one`;
}

function nameOf(what: string, content: Buffer, names: readonly string[]): string | undefined {
  const name = names.find((one) => holdsWord(content, one));
  return name === undefined ? undefined : `${what}: ${name}`;
}

function holdsWord(content: Buffer, word: string): boolean {
  if (!content.includes(word)) return false;
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w.-])${escaped}(?![\\w-])`).test(content.toString('latin1'));
}
