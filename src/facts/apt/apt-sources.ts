/**
 * Where packages come from: `apt_server`, else the build host's own mirror, read from its apt
 * configuration. No mirror is written down in onib; without one the bootstrapper uses its default.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, OnibError } from '../../core/errors.js';
import { lastLines } from '../../core/last-lines.js';
import { run } from '../../host/run.js';
import { version } from '../../core/package.js';
import type { AptSources } from '../../plan/sources.js';
import { askOnce } from '../../host/answer-cache.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { filesBelow } from '../../project/roles/role-reader.js';

/** Base addresses of the Debian archive and of its security archive, without a trailing slash. */
export interface Mirror {
  readonly debian?: string;
  readonly security?: string;
}

/** What the build host's apt is set to. */
export interface HostApt {
  readonly mirror: Mirror;
  /** `http://host:port`. */
  readonly proxy?: string;
}

const FIELDS = ['REPO_URI', 'ORIGIN', 'LABEL', 'RELEASE', 'COMPONENT'] as const;

/** Suites without updates and security suites of their own. */
const ROLLING = new Set(['sid', 'unstable', 'experimental']);
/** Until Debian 10 the security suite was `buster/updates`. */
const OLD_SECURITY = new Set(['jessie', 'stretch', 'buster']);

/**
 * Asks the build host's apt; an answer without a mirror where there is no apt. apt builds its whole
 * package cache to tell its sources, a second of work, so the answer is kept while nothing changes.
 */
export async function readHostApt(): Promise<HostApt> {
  return JSON.parse(await askOnce('apt', await aptDigest(), askApt)) as HostApt;
}

async function askApt(): Promise<string> {
  const format = FIELDS.map((field) => `$(${field})`).join('\t');
  const indexTargets = ['apt-get', 'indextargets', '--format', format, 'Created-By: Packages'];
  const [fetched, configured, config] = await Promise.all([
    optionalRun(indexTargets),
    // An archive whose indexes were never fetched stands here only, without origin and label.
    optionalRun([...indexTargets, '--no-release-info']),
    optionalRun(['apt-config', 'shell', 'proxy', 'Acquire::http::Proxy']),
  ]);
  const proxy = parseProxy(config);
  const answer: HostApt = {
    mirror: parseMirror(`${fetched}\n${configured.replaceAll(/\$\((ORIGIN|LABEL)\)/g, '')}`),
    ...(proxy === undefined ? {} : { proxy }),
  };
  return JSON.stringify(answer);
}

/** Digest of apt's configuration, and of which indexes it has: before the first update they tell less. */
async function aptDigest(): Promise<string> {
  const hash = createHash('sha256').update(`2\0${version}\0${process.env.APT_CONFIG ?? ''}\0`);
  for (const file of await filesBelow('/etc/apt').catch(() => [])) {
    const content = await readFile(path.join('/etc/apt', file.path)).catch(() => '');
    hash.update(`${file.path}\0${content.length}\0`).update(content);
  }
  const indexes = await readdir('/var/lib/apt/lists').catch(() => []);
  return hash.update(indexes.sort().join('\0')).digest('hex');
}

/**
 * Standard output; nothing where the program is absent: a host that is no Debian.
 *
 * @throws {OnibError} `HOST_APT` (exit 3): half an answer would leave security updates out of images.
 */
async function optionalRun(argv: readonly string[]): Promise<string> {
  const result = await run(argv, { check: false, env: { LC_ALL: 'C.UTF-8' } }).catch(
    (error: unknown) => {
      if (error instanceof OnibError && error.code === 'COMMAND_MISSING') return undefined;
      throw error;
    },
  );
  if (result === undefined) return '';
  if (result.exitCode === 0) return result.stdout;
  throw new OnibError(
    'HOST_APT',
    `Cannot tell which mirror this host's apt uses: "${argv.slice(0, 2).join(' ')}" failed`,
    {
      exitCode: EXIT.hostLacks,
      details: lastLines(result.stderr + result.stdout),
      hint: 'mend apt (apt-get update), or set apt_server in group_vars/on_imagebuild',
    },
  );
}

/**
 * Takes the Debian mirror out of `apt-get indextargets`, a line per index: address, origin, label,
 * suite as written in the sources, component, separated by tabs.
 *
 * Where origin and label are empty the address has to do; lines that have them come first.
 */
export function parseMirror(indexTargets: string): Mirror {
  const mirror: { debian?: string; security?: string } = {};
  for (const line of indexTargets.split('\n')) {
    const [uri = '', origin = '', label = '', release = '', component = ''] = line.split('\t');
    // file:, cdrom: and mirror+file: are not reachable from inside a tree.
    if (!/^https?:\/\//.test(uri)) continue;
    const address = uri.replace(/\/+$/, '');
    const archive = origin === '' ? archiveByAddress(address, release, component) : label;
    if (origin !== '' && origin !== 'Debian') continue;
    if (archive === 'Debian') mirror.debian ??= address;
    if (archive === 'Debian-Security') mirror.security ??= address;
  }
  return mirror;
}

/** Others publish below `…/debian` too, but not a component `main` of a Debian suite's security. */
function archiveByAddress(address: string, release: string, component: string): string {
  if (component !== 'main') return '';
  if (/-security$|\/updates$/.test(release)) {
    return address.endsWith('/debian-security') ? 'Debian-Security' : '';
  }
  return address.endsWith('/debian') ? 'Debian' : '';
}

/** Takes the proxy out of `apt-config shell proxy Acquire::http::Proxy`: `proxy='http://…'`. */
export function parseProxy(shellAssignment: string): string | undefined {
  const proxy = /^proxy='(.*)'$/m.exec(shellAssignment)?.[1]?.replace(/\/+$/, '');
  return proxy === undefined || proxy === '' || proxy === 'DIRECT' ? undefined : proxy;
}

/** Addresses behind `apt_server`: `host`, `host:3142`, `host/debian`, `host:3142/mirror.example/debian`. */
export function mirrorOfServer(server: string): Mirror {
  const address = /^https?:\/\//.test(server) ? server : `http://${server}`;
  if (new URL(address).pathname === '/') {
    const top = address.replace(/\/+$/, '');
    return { debian: `${top}/debian`, security: `${top}/debian-security` };
  }
  return address.endsWith('/debian')
    ? { debian: address, security: `${address}-security` }
    : { debian: address };
}

/** An archive of the past: `<server>/debian/<time>`, where the server keeps every state. */
function mirrorOfSnapshot(server: string, time: string): Mirror {
  const address = /^https?:\/\//.test(server) ? server : `http://${server}`;
  return { debian: `${address}/debian/${time}`, security: `${address}/debian-security/${time}` };
}

/**
 * Sources of one image. Without a mirror there are no lines: the bootstrapper's default applies.
 *
 * @param localProxy What `apt_proxy: auto` found.
 */
export function aptSources(settings: Settings, host: HostApt, localProxy?: string): AptSources {
  const { suite, aptServer, aptSnapshot, aptProxy } = settings;
  const mirror =
    aptServer === undefined
      ? host.mirror
      : aptSnapshot === undefined
        ? mirrorOfServer(aptServer)
        : mirrorOfSnapshot(aptServer, aptSnapshot);
  // The Release files of the past say that they are valid no longer.
  const type = aptSnapshot === undefined ? 'deb' : 'deb [check-valid-until=no]';
  const components = settings.components.join(' ');
  const lines: string[] = [];
  if (mirror.debian !== undefined) {
    lines.push(`${type} ${mirror.debian} ${suite} ${components}`);
    if (!ROLLING.has(suite)) {
      lines.push(`${type} ${mirror.debian} ${suite}-updates ${components}`);
      if (mirror.security !== undefined) {
        const security = OLD_SECURITY.has(suite) ? `${suite}/updates` : `${suite}-security`;
        lines.push(`${type} ${mirror.security} ${security} ${components}`);
      }
    }
  }
  const proxy = aptProxy === 'auto' ? (localProxy ?? host.proxy) : (aptProxy ?? host.proxy);
  return { lines, ...(proxy === undefined ? {} : { proxy }) };
}
