/** HTTP of `onib serve` with curl from machines of its network: what a node fetches and posts, and what nobody gets. */
import { createHash } from 'node:crypto';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/run.js';
import { initProject } from '../../../src/project/scaffold/scaffold.js';
import { BootBench } from '../../support/boot-bench.js';
import { SERVER_ADDRESS } from '../../support/boot-network.js';
import { onib } from '../../support/onib-command.js';
import { digestOf, standardArtifacts, standardProfile } from '../../support/store-fixture.js';
import { until } from '../../support/wait.js';

const MAC = '52:54:00:77:03:01';
const OTHER_MAC = '52:54:00:77:03:02';
const BASE = `http://${SERVER_ADDRESS}:8080`;
const RELEASE = '20261120T140501Z-3f9c';
/** Lies beside the store and in it, where nobody may get at it. */
const SECRET = 'nobody may read this';
const base = standardArtifacts.find(({ kind }) => kind === 'base');

let bench: BootBench;

beforeAll(async () => {
  bench = await BootBench.create({
    machines: { node: MAC, other: OTHER_MAC },
    serve: ['--dhcp', 'off', '--user', 'nobody'],
    prepare: async (network) => {
      await network.configure('node', ['address add 192.168.77.61/24 dev eth0']);
      await network.configure('other', ['address add 192.168.77.62/24 dev eth0']);
    },
  });
  const { directory } = bench.store;
  await writeFile(path.join(directory, 'lock'), SECRET);
  await writeFile(path.join(directory, 'objects', 'secret'), SECRET);
  await writeFile(path.join(directory, 'releases', RELEASE, 'secret'), SECRET);
  await writeFile(path.join(directory, 'releases', 'secret'), SECRET);
  return () => bench[Symbol.asyncDispose]();
});

interface Response {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** curl as it is, whatever the status. @param target path, or a whole URL */
async function curl(target: string, ...words: readonly string[]): Promise<Response> {
  return await curlFrom('node', target, ...words);
}

async function curlFrom(
  machine: string,
  target: string,
  ...words: readonly string[]
): Promise<Response> {
  const [body, head] = ['body', 'head'].map((name) => path.join(bench.scratch, name));
  const url = target.startsWith('http:') ? target : `${BASE}${target}`;
  const files = ['--output', body ?? '', '--dump-header', head ?? ''];
  await writeFile(body ?? '', '');
  await bench.network.run(machine, [
    ...['curl', '--silent', '--show-error', '--path-as-is', '--max-time', '60', ...files],
    ...[...words, url],
  ]);
  const [first = '', ...lines] = (await readFile(head ?? '', 'latin1')).trim().split('\r\n');
  return {
    status: Number(first.split(' ')[1]),
    headers: new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    ),
    body: await readFile(body ?? ''),
  };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function nodeScript(mac = MAC): Promise<string> {
  const { status, body } = await curl(`/v1/boot?mac=${mac}&platform=efi&serial=S77&product=Box`);
  expect(status).toBe(200);
  return body.toString();
}

const word = (script: string, key: string): string =>
  new RegExp(`${key}=(\\S+)`).exec(script)?.[1] ?? '';

describe('HTTP for a booting node', () => {
  it('leaves a trace of the release that a node was given, also as another user than root', async () => {
    const mark = path.join(bench.store.directory, 'served', RELEASE);
    await rm(mark, { force: true });
    await nodeScript();
    // The node does not wait for it.
    const owner = await until('the trace', async () => {
      const { exitCode, stdout } = await run(['stat', '--format', '%U', mark], { check: false });
      return exitCode === 0 ? stdout.trim() : undefined;
    });
    expect(owner).toBe('nobody');
  });

  it('leads from the first script over manifest and layers to a whole boot', async () => {
    const first = (await curl('/boot.ipxe')).body.toString();
    expect(first).toMatch(/^#!ipxe\n/);
    expect(first).toContain(`${BASE}/v1/boot?mac=\${netX/mac:hexhyp}`);

    const script = await nodeScript();
    const manifest = (await curl(word(script, 'onib.manifest'))).body;
    expect(`sha256:${sha256(manifest)}`).toBe(word(script, 'onib.digest'));
    expect(word(script, 'BOOTIF')).toBe(`01-${MAC.replaceAll(':', '-')}`);
    expect(word(script, 'onib.server')).toBe(BASE);

    const lines = manifest
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '));
    const sources = lines.filter(([key]) => key === 'source').map(([, url]) => url);
    expect(sources).toEqual([`${BASE}/objects/`]);
    const layers = lines.filter(([key]) => key === 'layer');
    expect(layers.map(([, name]) => name)).toEqual(['modules', 'base', 'discovery']);
    for (const [, , , digest = '', size] of layers) {
      const { status, body } = await curl(`${sources[0] ?? ''}${digest}`);
      expect(status).toBe(200);
      expect(body).toHaveLength(Number(size));
      expect(sha256(body)).toBe(digest);
    }

    const urls = [...script.matchAll(/^(?:kernel|initrd) --name \S+ (\S+)/gm)].map(
      ([, url]) => url,
    );
    const wanted = [standardProfile.kernel, standardProfile.initrd].map((name) => {
      const artifact = standardArtifacts.find(({ fileName }) => fileName === name);
      return digestOf(artifact?.content ?? '');
    });
    expect(urls).toHaveLength(2);
    for (const [index, url = ''] of urls.entries()) {
      expect(digestOf((await curl(url)).body)).toBe(wanted[index]);
    }
  });

  it('serves every artifact of the release by name and by digest, for ever the same', async () => {
    for (const { fileName, content } of standardArtifacts) {
      const digest = digestOf(content).slice('sha256:'.length);
      for (const url of [`/releases/${RELEASE}/${fileName}`, `/objects/${digest}`]) {
        const { status, headers, body } = await curl(url);
        expect([url, status, sha256(body)]).toEqual([url, 200, digest]);
        expect(headers.get('cache-control')).toContain('immutable');
        expect(headers.get('etag')).toBe(`"${digest}"`);
        expect(headers.get('content-length')).toBe(String(Buffer.byteLength(content)));
      }
    }
  });

  it('sends the part that curl asks for, and goes on where a transfer broke', async () => {
    const content = Buffer.from(base?.content ?? '');
    const url = `/objects/${sha256(content)}`;
    const middle = await curl(url, '--range', '1000-1999');
    expect(middle.status).toBe(206);
    expect(middle.headers.get('content-range')).toBe(`bytes 1000-1999/${String(content.length)}`);
    expect(middle.body.equals(content.subarray(1000, 2000))).toBe(true);
    expect((await curl(url, '--range', '-5')).body.equals(content.subarray(-5))).toBe(true);

    const file = path.join(bench.scratch, 'resumed');
    await writeFile(file, content.subarray(0, 123_457));
    const resume = ['curl', '--silent', '--fail', '--continue-at', '-', '--output', file];
    await bench.network.run('node', [...resume, `${BASE}${url}`]);
    expect(sha256(await readFile(file))).toBe(sha256(content));

    const beyond = await curl(url, '--range', `${String(content.length)}-`);
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${String(content.length)}`);
    const stale = await curl(url, '--range', '0-9', '--header', 'If-Range: "other"');
    expect([stale.status, stale.body.length]).toEqual([200, content.length]);
  });

  it('answers HEAD with the headers alone', async () => {
    const content = Buffer.from(base?.content ?? '');
    const url = `/objects/${sha256(content)}`;
    const head = await curl(url, '--head');
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String(content.length));
    expect(head.headers.get('accept-ranges')).toBe('bytes');
    expect((await curl('/objects/00', '--head')).status).toBe(404);
    const cached = await curl(url, '--header', `If-None-Match: "${sha256(content)}"`);
    expect([cached.status, cached.body.length]).toEqual([304, 0]);
  });

  it('keeps one connection for HEAD and GET, as UEFI HTTP Boot does', async () => {
    const url = `${BASE}/releases/${RELEASE}/snponly.efi`;
    const both = [
      'curl',
      '--silent',
      '--show-error',
      '--write-out',
      '%{num_connects} %{http_code}\n',
    ];
    const outputs = ['--head', '--output', '/dev/null', url];
    const second = ['--next', '--silent', '--write-out', '%{num_connects} %{http_code}\n'];
    const { stdout } = await bench.network.run('node', [
      ...[...both, ...outputs, ...second, '--output', '/dev/null', url],
    ]);
    expect(stdout).toBe('1 200\n0 200\n');
  });
});

describe('HTTP for everybody else', () => {
  it.each([
    ['/nothing', 404],
    ['/objects/', 404],
    [`/objects/${'0'.repeat(64)}`, 404],
    ['/objects/secret', 404],
    ['/releases/secret', 404],
    [`/releases/${RELEASE}`, 404],
    [`/releases/${RELEASE}/secret`, 404],
    [`/releases/${RELEASE}/manifest.json`, 404],
    ['/releases/current/undionly.kpxe', 404],
    ['/lock', 404],
    ['/../lock', 404],
    ['/../../../../../../../etc/passwd', 404],
    ['/objects/../lock', 404],
    ['/objects/..%2flock', 404],
    ['/objects/%2e%2e/lock', 404],
    ['/objects/%2e%2e%2flock', 404],
    ['/objects/%252e%252e%252flock', 404],
    ['/objects/..%5clock', 404],
    ['/objects/..;/lock', 404],
    [`/releases/${RELEASE}/../secret`, 404],
    [`/releases/${RELEASE}/..%2fsecret`, 404],
    [`/releases/..%2f${RELEASE}/secret`, 404],
    ['/releases/%2e%2e/lock', 404],
    [`/releases/../releases/${RELEASE}/undionly.kpxe`, 404],
    ['//etc/passwd', 404],
    ['/%2fetc%2fpasswd', 404],
    ['/etc/passwd%00', 404],
    ['/%zz', 400],
    ['/objects/%c0%ae%c0%ae/lock', 400],
  ])('finds no file at %s', async (target, status) => {
    const response = await curl(target);
    expect(response.status).toBe(status);
    expectNoSecret(response.body);
  });

  it.each([
    '/etc/passwd',
    'file:///etc/passwd',
    '../lock',
    'objects/secret',
    'http://elsewhere.test/../../etc/passwd',
    'http://elsewhere.test/%2e%2e/lock',
    `${BASE}/objects/secret`,
    '*',
  ])('finds no file for the request target %j', async (target) => {
    const response = await curl('/', '--request-target', target);
    expect([400, 404]).toContain(response.status);
    expectNoSecret(response.body);
  });

  it('takes the absolute form of a target for what it is', async () => {
    const target = `http://elsewhere.test/releases/${RELEASE}/undionly.kpxe`;
    const { status, body } = await curl('/', '--request-target', target);
    expect([status, body.length]).toEqual([200, 70_001]);
  });

  it.each(['PUT', 'DELETE', 'POST', 'PATCH', 'OPTIONS'])('takes no %s', async (method) => {
    const url = `/releases/${RELEASE}/undionly.kpxe`;
    const { status, headers } = await curl(url, '--request', method);
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD');
  });

  it('has nothing for a release whose object is gone, and says so once it is asked', async () => {
    const content = 'gone';
    const { id } = await bench.store.addRelease({
      id: '20261121T090000Z-0002',
      artifacts: [{ kind: 'loader', fileName: 'gone.efi', content }],
      profiles: [],
    });
    await rm(bench.store.objectPath(digestOf(content).slice('sha256:'.length)));
    expect((await curl(`/releases/${id}/gone.efi`)).status).toBe(404);
    await bench.server.event('warning', { code: 'OBJECT_MISSING' });
  });
});

function expectNoSecret(body: Buffer): void {
  expect(body.toString('latin1')).not.toContain(SECRET);
  expect(body.toString('latin1')).not.toContain('root:');
  expect(body.length).toBeLessThan(200);
}

interface NodeAnswer {
  readonly mac: string;
  readonly stage?: string;
  readonly address?: string;
  readonly timeline: readonly {
    readonly stage: string;
    readonly code?: string;
    readonly fetchedBytes?: number;
  }[];
}

const post = (form: string, mac = MAC, machine = 'node'): Promise<Response> =>
  curlFrom(machine, `/v1/nodes/${mac}/events`, '--data', form);

describe('events of nodes', () => {
  it('are taken from the node itself, and are there to see', async () => {
    await nodeScript();
    expect((await post('stage=network&uptime=4.2')).status).toBe(204);
    expect((await post('stage=fetch&bytes=300000&uptime=6', MAC.toUpperCase())).status).toBe(204);
    expect((await post('stage=failed&code=digest&detail=layer%20base')).status).toBe(204);
    const { status, body } = await curlFrom('other', `/v1/nodes/${MAC}`);
    expect(status).toBe(200);
    const node = JSON.parse(body.toString()) as NodeAnswer;
    expect(node).toMatchObject({
      ...{ schema: 'onib.node/1', mac: MAC, address: '192.168.77.61', stage: 'failed' },
      ...{ firmware: 'uefi', serial: 'S77', product: 'Box' },
      ...{ profile: 'discovery', release: RELEASE },
    });
    expect(node.timeline).toMatchObject([
      { stage: 'script' },
      { stage: 'network', uptime: 4.2 },
      { stage: 'fetch', fetchedBytes: 300_000 },
      { stage: 'failed', code: 'digest', detail: 'layer base' },
    ]);
    const told = bench.server.events.filter(({ type }) => type === 'node-stage');
    expect(told.map(({ entry }) => (entry as { stage: string }).stage)).toEqual([
      ...['script', 'network', 'fetch', 'failed'],
    ]);
    const page = (await curlFrom('other', '/')).body.toString();
    expect(page).toContain(MAC);
    expect(page).toContain('failed');
  });

  it('are not taken from another machine', async () => {
    await nodeScript();
    const before = (await curl(`/v1/nodes/${MAC}`)).body.toString();
    expect((await post('stage=ready', MAC, 'other')).status).toBe(403);
    const timeline = (text: string) => (JSON.parse(text) as NodeAnswer).timeline;
    const after = (await curl(`/v1/nodes/${MAC}`)).body.toString();
    expect(timeline(after)).toEqual(timeline(before));
    await bench.server.event('warning', { code: 'EVENT_REFUSED' });
  });

  it.each([
    ['a stage that there is not', 'stage=lunch', 400],
    ['no stage', 'detail=x', 400],
    ['more than 8 KiB', `stage=network&detail=${'x'.repeat(9000)}`, 413],
  ])('are refused with %s', async (_, form, status) => {
    expect((await post(form)).status).toBe(status);
  });

  it('are refused for what is no MAC address, and as JSON', async () => {
    expect((await post('stage=network', 'nonsense')).status).toBe(400);
    const json = ['--header', 'Content-Type: application/json', '--data', '{"stage":"network"}'];
    expect((await curl(`/v1/nodes/${MAC}/events`, ...json)).status).toBe(415);
  });
});

describe('onib serve and onib status', () => {
  it('speak of the same release', async () => {
    const project = path.join(bench.scratch, 'project');
    await initProject(project);
    const settings = path.join(project, 'group_vars/on_imagebuild');
    await appendFile(settings, `\nbuild_artifact_path: ${bench.store.directory}\n`);
    const { stdout } = await run([...onib, 'status', '--json', '-C', project]);
    const status = JSON.parse(stdout) as { release: { id: string }; store: string };
    expect(status.store).toBe(bench.store.directory);
    const listening = await bench.server.event('listening');
    expect(status.release.id).toBe(listening.release);
    expect(await nodeScript()).toContain(`/releases/${status.release.id}/`);
  });
});
