/** Where packages come from: a real apt-cacher-ng, as proxy and as server, and an archive of the past. Nothing of it is left. */
import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start, type RunningCommand } from '../../../src/host/command.js';
import { run } from '../../../src/host/run.js';
import { readHostApt } from '../../../src/facts/apt/apt-sources.js';
import { findLocalProxy } from '../../../src/facts/apt/local-proxy.js';
import { Store } from '../../../src/store/store.js';
import { before, nothingLeft, type Before } from '../../support/leftovers.js';
import { onib, runOnib } from '../../support/onib-command.js';
import { TinyProject } from '../../support/tiny-project.js';
import { until } from '../../support/wait.js';

const GROUP_VARS = 'group_vars/on_imagebuild';
const TIME = '20261101T000000Z';

let project: TinyProject;
let state: Before;
let cacher: string;
let process_: RunningCommand;
let mirror: string;

beforeAll(async () => {
  const other = await findLocalProxy();
  if (other !== undefined) throw new Error(`end the proxy at ${other}: its log is not the test's`);
  mirror = (await readHostApt()).mirror.debian ?? '';
  project = await TinyProject.create();
  cacher = await mkdtemp(path.join(tmpdir(), 'onib-cacher-'));
  for (const name of ['conf', 'cache', 'log']) await mkdir(path.join(cacher, name));
  await writeFile(path.join(cacher, 'conf', 'acng.conf'), 'ReportPage: acng-report.html\n');
  const settings = [
    'ForeGround=1',
    'Port=3142',
    'BindAddress=127.0.0.1',
    'VerboseLog=1',
    'UserAgent=',
  ];
  const directories = [`CacheDir=${cacher}/cache`, `LogDir=${cacher}/log`];
  process_ = start(['apt-cacher-ng', '-c', `${cacher}/conf`, ...settings, ...directories], {
    debianPackage: 'apt-cacher-ng',
  });
  process_.result.catch(() => undefined);
  await until('apt-cacher-ng answers', findLocalProxy);
  state = await before();
});

afterAll(async () => {
  await nothingLeft(state, project.directory);
  await process_.stop();
  await rm(cacher, { recursive: true });
  await project[Symbol.asyncDispose]();
});

/** Lines of apt-cacher-ng's log, which it writes when a connection ends. */
async function requests(): Promise<string[]> {
  const text = await readFile(path.join(cacher, 'log', 'apt-cacher.log'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line.includes('InRelease'));
}

/** True when there are more than that. */
async function newRequests(known: number): Promise<true | undefined> {
  return (await requests()).length > known ? true : undefined;
}

/** Builds with these settings and today's packages. */
async function build(settings: string): Promise<string> {
  const file = path.join(project.directory, GROUP_VARS);
  const text = await readFile(file, 'utf8');
  await writeFile(file, `${text.split('# of the test')[0] ?? ''}# of the test\n${settings}`);
  await rm(path.join(project.directory, 'onib.lock'), { force: true });
  const ran = await runOnib(project.directory, ['build', 'base', '--force'], {
    env: state.environment,
  });
  expect(ran.stderr).not.toContain('error[');
  expect(ran.exitCode).toBe(0);
  const release = await new Store(project.store).current();
  return release?.artifacts.find(({ kind }) => kind === 'base')?.digest ?? '';
}

/** The image's files that hold one of these words. */
async function filesWith(words: readonly string[]): Promise<string[]> {
  const tree = path.join(cacher, 'tree');
  await rm(tree, { recursive: true, force: true });
  await run([...onib, '-C', project.directory, 'extract', 'base.trixie.squashfs', tree]);
  const patterns = words.flatMap((word) => ['-e', word]);
  const { stdout } = await run(['grep', '-rlF', ...patterns, '.'], { cwd: tree, check: false });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('onib build with another source of packages', () => {
  let digest: string;

  it('finds and uses an apt-cacher-ng of this machine with apt_proxy: auto', async () => {
    digest = await build('apt_proxy: auto\n');
    await until('the request is in the log', async () => newRequests(0));
    expect(await filesWith(['127.0.0.1:3142'])).toEqual([]);
  });

  it('fetches from apt_server, and gives the same image', async () => {
    const known = (await requests()).length;
    expect(mirror).not.toBe('');
    const server = `127.0.0.1:3142/${mirror.replace(/^https?:\/\//, '')}`;
    expect(await build(`apt_server: ${server}\n`)).toBe(digest);
    await until('the request is in the log', async () => newRequests(known));
    expect(await filesWith(['127.0.0.1:3142', server])).toEqual([]);
  });

  it('fetches from the archive of a time with apt_snapshot, and gives the same image', async () => {
    const asked: string[] = [];
    const server: Server = createServer((request, response) => {
      const [, archive = '', file = ''] =
        new RegExp(`^/archive/(debian|debian-security)/${TIME}/(.*)$`).exec(request.url ?? '') ??
        [];
      asked.push(request.url ?? '');
      const base = archive === 'debian' ? mirror : `${mirror}-security`;
      response.writeHead(archive === '' ? 404 : 302, { location: `${base}/${file}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const settings = `apt_server: 127.0.0.1:${String(port)}/archive\napt_snapshot: ${TIME}\n`;
      expect(await build(settings)).toBe(digest);
    } finally {
      server.close();
    }
    expect(asked).toContain(`/archive/debian/${TIME}/dists/trixie/InRelease`);
    expect(asked.filter((url) => !url.includes(`/${TIME}/`))).toEqual([]);
  });

  it('refuses apt_snapshot without apt_server', async () => {
    const file = path.join(project.directory, GROUP_VARS);
    await writeFile(file, `suite: trixie\napt_snapshot: ${TIME}\n`);
    const ran = await runOnib(project.directory, ['plan']);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(`Cannot use apt_snapshot "${TIME}"`);
    expect(ran.stderr).toContain(`${GROUP_VARS}:2:`);
  });
});
