import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { byteString } from '../../../src/core/byte-string.js';
import type {
  ArtifactContents,
  ContentEntry,
} from '../../../src/archive/contents/with-contents.js';
import { hostTraces } from '../../../src/build/checks/host-traces.js';
import { findUnclean, hygieneErrors } from '../../../src/build/checks/hygiene.js';
import {
  IMAGE_POLICY,
  type HygieneAllowed,
  type PolicyName,
} from '../../../src/policy/image-policy.js';

const HOST = {
  mirrors: ['mirror.example:3142', '10.0.0.7', '//proxy'],
  hostName: 'builder7',
  paths: ['/srv/images/builds/cell', '/run/onib/python'],
};
const KEY = 'ssh-ed25519 AAAA me@example\n';

/** What each rule finds, by path, and what it does not mind. */
const CASES: Readonly<
  Record<PolicyName, { found: Record<string, string>; clean: Record<string, string> }>
> = {
  'machine-id': {
    found: { 'etc/machine-id': '0123456789abcdef0123456789abcdef\n' },
    clean: { 'etc/machine-id': 'uninitialized\n', 'var/lib/dbus/machine-id': '' },
  },
  'host-key': {
    found: { 'etc/ssh/ssh_host_rsa_key': 'x', 'etc/ssh/ssh_host_rsa_key.pub': 'x' },
    clean: { 'etc/ssh/ssh_config': 'x' },
  },
  'random-seed': {
    found: { 'var/lib/systemd/random-seed': 'x', 'etc/nvme/hostid': 'x' },
    clean: { 'var/lib/systemd/random-seed': '' },
  },
  password: {
    found: {
      'etc/shadow': 'root:$y$j9T$x:20000:0:99999:7:::\n',
      'etc/shadow.old': 'guest::20000:0:99999:7:::\n',
      'etc/gshadow': 'disk:$6$x::\n',
      'etc/passwd': 'guest::1000:1000::/home/guest:/bin/sh\n',
    },
    clean: {
      'etc/shadow': 'root:*:20000:0:99999:7:::\nsshd:!:20000::::::\nme:!$y$x:20000:0:99999:7:::\n',
      'etc/gshadow': 'root:*::\nsudo:::\n',
      'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
    },
  },
  'authorized-keys': {
    found: { 'root/.ssh/authorized_keys': KEY, 'home/me/.ssh/authorized_keys2': KEY },
    clean: { 'root/.ssh/authorized_keys': '', 'root/.ssh/known_hosts': 'x' },
  },
  'private-key': {
    found: {
      'root/.ssh/id_ed25519': '-----BEGIN OPENSSH PRIVATE KEY-----\n',
      'etc/ssl/private/server.pem': '-----BEGIN PRIVATE KEY-----\n',
    },
    clean: { 'root/.ssh/id_ed25519.pub': KEY },
  },
  'shell-history': {
    found: { 'root/.bash_history': 'ls\n', 'home/me/.viminfo': 'x' },
    clean: { 'root/.bashrc': 'x', 'root/.bash_history': '' },
  },
  log: {
    found: { 'var/log/dpkg.log': 'x', 'var/log/apt/term.log': 'x' },
    clean: { 'var/log/wtmp': '' },
  },
  'apt-lists': {
    found: { 'var/lib/apt/lists/mirror_dists_trixie_InRelease': 'x' },
    clean: { 'var/lib/apt/lists/lock': '', 'var/lib/apt/extended_states': 'x' },
  },
  'apt-cache': {
    found: { 'var/cache/apt/archives/x.deb': 'x', 'var/cache/apt/pkgcache.bin': 'x' },
    clean: { 'var/cache/apt/archives/lock': '' },
  },
  temporary: { found: { 'tmp/x': 'x', 'var/tmp/x': 'x' }, clean: { 'var/tmp/y': '' } },
  backup: {
    found: { 'etc/group-': 'x', 'var/lib/dpkg/status-old': 'x', 'var/backups/a/b': 'x' },
    clean: { 'etc/group': 'x', 'var/lib/dpkg/status': 'x' },
  },
  cache: { found: { 'var/cache/man/de/index.db': 'x' }, clean: { 'var/cache/x': 'x' } },
  ansible: { found: { 'root/.ansible': 'x' }, clean: { 'etc/ansible': 'x' } },
  'python-bytecode': {
    found: { 'usr/lib/python3/a.pyc': 'x', __pycache__: '' },
    clean: { 'usr/lib/python3/a.py': 'x' },
  },
  'resolv-conf': {
    found: { 'etc/resolv.conf': 'nameserver 10.0.0.1\n' },
    clean: { 'etc/resolv.conf': '' },
  },
  mirror: {
    found: {
      'etc/proxy.conf': 'http://proxy:3128/',
      'etc/apt/sources.list.d/x.list': 'deb http://mirror.example:3142/debian trixie main\n',
      'usr/share/x': 'Proxy "http://10.0.0.7"',
    },
    clean: {
      'etc/group': 'proxy:x:13:',
      'usr/share/x': 'http://210.0.0.7 10.0.0.77 mirror.example http://proxy-2/',
    },
  },
  'build-host': {
    found: { 'etc/hosts': '127.0.1.1 builder7\n', 'etc/x': 'me@builder7.example' },
    clean: { 'etc/x': 'builder77 xbuilder7 my-builder7', 'usr/share/x': 'builder7' },
  },
  'build-path': {
    found: {
      'usr/bin/x': '#!/run/onib/python/python3\n',
      'etc/x': '/srv/images/builds/cell/step-1',
    },
    clean: { 'etc/x': '/srv/images/builds' },
  },
};

function entry(path: string, kind: ContentEntry['kind'], size: number): ContentEntry {
  const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0, link: undefined, target: undefined };
  const device = kind === 'character' ? { major: 0, minor: 0 } : undefined;
  return { ...common, path: byteString(path), kind, size, device, xattrs: [] };
}

function contentsOf(
  files: Readonly<Record<string, string>>,
  others: readonly ContentEntry[] = [],
): ArtifactContents {
  const paths = Object.keys(files).sort();
  const entries = [
    ...paths.map((path) => entry(path, 'file', files[path]?.length ?? 0)),
    ...others,
  ];
  return {
    format: 'cpio',
    segments: [],
    entries: new Map(entries.map((one) => [one.path, one])),
    // eslint-disable-next-line @typescript-eslint/require-await -- the bytes are there already
    async *files(wanted) {
      for (const path of paths.filter(wanted)) {
        const bytes = [Buffer.from(files[path] ?? '')];
        yield { path, bytes: Readable.from(bytes) };
      }
    },
  };
}

async function found(
  contents: ArtifactContents,
  allowed: readonly HygieneAllowed[] = [],
): Promise<string[]> {
  const findings = await findUnclean(contents, 'base', HOST, allowed);
  return findings.map(({ rule, path }) => `${rule.name}: ${path}`);
}

describe('findUnclean()', () => {
  it.each(IMAGE_POLICY.map(({ name }) => name))(
    'finds what %s forbids, and no more',
    async (name) => {
      const { found: bad, clean } = CASES[name];
      const expected = Object.keys(bad)
        .sort()
        .map((path) => `${name}: ${path}`);
      expect(await found(contentsOf(bad))).toEqual(expected);
      expect(await found(contentsOf(clean))).toEqual([]);
    },
  );

  it.each(IMAGE_POLICY.map(({ name }) => name))('lets %s be where it is allowed', async (name) => {
    const { found: bad } = CASES[name];
    const [first = '', ...others] = Object.keys(bad).sort();
    expect(await found(contentsOf(bad), [{ rule: name, path: `/${first}` }])).toEqual(
      others.map((path) => `${name}: ${path}`),
    );
    expect(await found(contentsOf(bad), [{ rule: name, path: '**' }])).toEqual([]);
  });

  it('tells a directory once, and minds no deletion', async () => {
    const cache = entry('usr/lib/x/__pycache__', 'directory', 0);
    expect(await found(contentsOf({ 'usr/lib/x/__pycache__/a.pyc': 'x' }, []))).toHaveLength(1);
    const both = contentsOf({});
    const entries = new Map([
      [cache.path, cache],
      ['usr/lib/x/__pycache__/a.pyc', entry('usr/lib/x/__pycache__/a.pyc', 'file', 1)],
      ['usr/lib/y/__pycache__', entry('usr/lib/y/__pycache__', 'character', 0)],
    ]);
    expect(await found({ ...both, entries })).toEqual(['python-bytecode: usr/lib/x/__pycache__']);
  });

  const PATHS = 'our %dirs = ("/srv/images/builds/cell");\n';
  const CONFIG = '# builder7 is the usual name of the head node\n';
  const listed = (content: string, file: string): string => `${hash('md5', content)}  ${file}\n`;
  const status = (content: string): string =>
    `Package: x\nStatus: install ok installed\nConffiles:\n /etc/x/x.conf ${hash('md5', content)}\n`;
  const DPKG = {
    'var/lib/dpkg/info/x:amd64.md5sums': listed(PATHS, 'usr/share/perl/5.40/FieldHash.pm'),
    'var/lib/dpkg/status': `${status(CONFIG)}Homepage: http://10.0.0.7/\n`,
  };

  it('takes no file for a trace of the build that is as its package ships it', async () => {
    const shipped = {
      'etc/x/x.conf': CONFIG,
      'usr/share/perl/5.40/FieldHash.pm': PATHS,
      'opt/copy.pm': PATHS,
    };
    expect(await found(contentsOf({ ...shipped, ...DPKG }))).toEqual([]);
    const changed = {
      'etc/x/x.conf': `${CONFIG}head: builder7\n`,
      'usr/share/perl/5.40/FieldHash.pm': `${PATHS}# mirror.example:3142\n`,
    };
    expect(await found(contentsOf({ ...changed, ...DPKG }))).toEqual([
      'build-host: etc/x/x.conf',
      'mirror: usr/share/perl/5.40/FieldHash.pm',
      'build-path: usr/share/perl/5.40/FieldHash.pm',
    ]);
  });

  it('finds a secret though its package ships it', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\n';
    const info = listed(key, 'etc/ssl/private/x.pem');
    const files = { 'etc/ssl/private/x.pem': key, 'var/lib/dpkg/info/x.md5sums': info };
    expect(await found(contentsOf(files))).toEqual(['private-key: etc/ssl/private/x.pem']);
  });

  it('asks other packages only for what would be a finding', async () => {
    let asked = 0;
    const ofBase = (): Promise<ReadonlySet<string>> => {
      asked += 1;
      return Promise.resolve(new Set([hash('md5', PATHS)]));
    };
    const unclean = async (files: Record<string, string>): Promise<string[]> => {
      const findings = await findUnclean(contentsOf(files), 'overlay', HOST, [], [ofBase]);
      return findings.map(({ path }) => path);
    };
    expect(await unclean({ 'opt/clean': 'x', 'etc/x/x.conf': CONFIG, ...DPKG })).toEqual([]);
    expect(asked).toBe(0);
    expect(await unclean({ 'usr/share/perl/x.pm': PATHS, 'opt/own': `${PATHS}#` })).toEqual([
      'opt/own',
    ]);
    expect(asked).toBe(1);
  });

  it('names accounts and values', async () => {
    const { found: bad } = CASES.password;
    const [, , , , ...none] = await findUnclean(contentsOf(bad), 'base', HOST);
    expect(none).toEqual([]);
    const [shadow] = await findUnclean(
      contentsOf({ 'etc/shadow': bad['etc/shadow'] ?? '' }),
      'base',
      HOST,
    );
    expect(shadow?.what).toBe('lets root in with a password, or without one');
    const [mirror] = await findUnclean(
      contentsOf({ 'etc/x': 'mirror.example:3142' }),
      'base',
      HOST,
    );
    expect(mirror?.what).toBe('names the mirror or proxy of the build: mirror.example:3142');
  });
});

describe('hygieneErrors()', () => {
  it('names rule, cure and the line that allows it', async () => {
    const findings = await findUnclean(
      contentsOf({ 'root/.ssh/authorized_keys': KEY }),
      'base',
      HOST,
    );
    const [error] = hygieneErrors(findings, {
      fileName: 'base.trixie.squashfs',
      varsFile: 'vars/base.yml',
    });
    expect(error?.code).toBe('HYGIENE');
    expect(error?.message).toBe(
      'Cannot keep "base.trixie.squashfs": /root/.ssh/authorized_keys lets the owners of these keys into every node',
    );
    expect(error?.details).toEqual(['rule: authorized-keys']);
    expect(error?.hint).toContain(
      'add to vars/base.yml: hygiene_allow: [{ authorized-keys: root/.ssh/authorized_keys }]',
    );
  });

  it('counts the rest of many', async () => {
    const files = Object.fromEntries(
      'a b c d e f g h'.split(' ').map((name) => [`var/log/${name}`, 'x']),
    );
    const errors = hygieneErrors(await findUnclean(contentsOf(files), 'base', HOST), {
      fileName: 'x',
      varsFile: 'vars/x.yml',
    });
    expect(errors).toHaveLength(5);
    expect(errors[4]?.details).toEqual(['rule: log', 'and 3 more paths of this rule']);
  });
});

describe('hostTraces()', () => {
  it.each(['other', 'debian', 'backup', 'Mail', 'pc2'])(
    'does not search for the build host’s name %s, which may be a word',
    (name) => {
      const traces = hostTraces({ name, project: '/root', places: [] }, { lines: [] });
      expect(traces).toEqual({ mirrors: [], paths: [] });
    },
  );

  it.each(['builder7', 'ci-runner', 'other.example'])('searches for the name %s', (name) => {
    const { hostName } = hostTraces({ name, project: '/root', places: [] }, { lines: [] });
    expect(hostName).toBe(name);
  });

  it('takes mirrors and proxy, but not Debian’s own names, common names or short paths', () => {
    const lines = [
      'deb [arch=amd64] http://mirror.example:3142/debian trixie main',
      'deb https://any.debian.org/debian trixie main',
    ];
    const sources = { lines, proxy: 'http://me:secret@10.0.0.7:3128' };
    const places = ['/x/builds/cell'];
    expect(hostTraces({ name: 'debian', project: '/root', places }, sources)).toEqual({
      mirrors: ['mirror.example', '10.0.0.7'],
      paths: places,
    });
    const local = { lines: [], proxy: 'http://127.0.0.1:3142' };
    expect(hostTraces({ name: 'debian', project: '/root', places }, local).mirrors).toEqual([
      '127.0.0.1:3142',
    ]);
    expect(
      hostTraces({ name: 'x', project: '/root', places }, { ...local, proxy: 'http://proxy:3128' })
        .mirrors,
    ).toEqual(['//proxy']);
    expect(hostTraces({ name: 'builder7', project: '/srv/images', places }, { lines: [] })).toEqual(
      {
        mirrors: [],
        hostName: 'builder7',
        paths: [...places, '/srv/images'],
      },
    );
  });
});
