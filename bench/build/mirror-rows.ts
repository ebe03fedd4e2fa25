/** A mirror that is far away, with and without an apt-cacher-ng between: a first build on a host that has no package. */
import {
  createServer,
  get,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { start } from '../../src/host/command.js';
import { readHostApt, type Mirror } from '../../src/facts/apt/apt-sources.js';
import { findLocalProxy } from '../../src/facts/apt/local-proxy.js';
import { TinyProject } from '../../test/support/tiny-project.js';
import { until } from '../../test/support/wait.js';
import type { SuiteOptions } from '../archive/archive-suite.js';
import { makeRow, type Row } from '../row.js';
import { timeBuild } from './onib-build.js';

const BYTES_PER_SECOND = 4 * 1024 * 1024;
const FIRST_PORT = 18_080;
const LAST_PORT = 18_180;
/** An empty cache of its own, which goes with the namespace; the toolbox is made anew each time. */
const EMPTY_CACHE = [
  ...['unshare', '--mount', 'sh', '-c'],
  'mkdir -p /var/cache/onib && mount -t tmpfs tmpfs /var/cache/onib && exec "$@"',
  'sh',
];

export async function* slowMirrorRows(work: string, options: SuiteOptions): AsyncGenerator<Row> {
  const { mirror } = await readHostApt();
  const server = createServer((request, response) => {
    forward(mirror, request, response);
  });
  const port = await listen(server);
  await using cacher = await startCacher(path.join(work, 'cacher'));
  await using project = await TinyProject.create();
  const settings = `apt_server: 127.0.0.1:${String(port)}\n`;
  const pairs: [number, number][] = [];
  try {
    for (let round = 0; round <= options.rounds; round++) {
      const times: number[] = [];
      for (const proxy of [`apt_proxy: ${cacher.address}\n`, '']) {
        options.tell(
          `slow mirror ${proxy === '' ? 'alone' : 'behind apt-cacher-ng'}, round ${String(round)}`,
        );
        await project.write('group_vars/on_imagebuild', `suite: trixie\n${settings}${proxy}`);
        await project.forget();
        times.push((await timeBuild(project.directory, ['base'], EMPTY_CACHE)).seconds);
      }
      // The first one filled apt-cacher-ng.
      if (round > 0) pairs.push(times as [number, number]);
    }
  } finally {
    server.close();
  }
  yield makeRow('first base behind a slow mirror, apt-cacher-ng filled', 's', 'no cache', pairs);
}

/** apt-cacher-ng 3.7 cannot connect to ports above 32767, where those that the kernel chooses lie. */
async function listen(server: Server): Promise<number> {
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) {
    const listening = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    if (listening) return port;
  }
  throw new Error(`no port from ${String(FIRST_PORT)} to ${String(LAST_PORT)} is free`);
}

async function startCacher(directory: string): Promise<AsyncDisposable & { address: string }> {
  for (const name of ['conf', 'cache', 'log']) {
    await mkdir(path.join(directory, name), { recursive: true });
  }
  await writeFile(path.join(directory, 'conf', 'acng.conf'), 'ReportPage: acng-report.html\n');
  const settings = ['ForeGround=1', 'Port=3142', 'BindAddress=127.0.0.1', 'AllowUserPorts=0'];
  const command = start([
    ...['apt-cacher-ng', '-c', path.join(directory, 'conf'), ...settings],
    ...[`CacheDir=${directory}/cache`, `LogDir=${directory}/log`],
  ]);
  command.result.catch(() => undefined);
  const address = await until('apt-cacher-ng', findLocalProxy);
  return { address, [Symbol.asyncDispose]: async () => command.stop() };
}

/** Passes a request on to the real mirror, and its answer back no faster than the line allows. */
function forward(
  { debian = '', security = '' }: Mirror,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = request.url ?? '';
  const target = url.startsWith('/debian-security/')
    ? security + url.slice('/debian-security'.length)
    : debian + url.slice('/debian'.length);
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => name !== 'host'),
  );
  get(target, { headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    void throttle(answer, response);
  }).on('error', () => response.writeHead(502).end());
}

async function throttle(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  for await (const chunk of answer) {
    const bytes = chunk as Buffer;
    response.write(bytes);
    await delay((bytes.length / BYTES_PER_SECOND) * 1000);
  }
  response.end();
}
