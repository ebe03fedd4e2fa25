import { createHash } from 'node:crypto';
import { appendFile, stat, unlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  startBootServer,
  type BootServer,
  type BootServerEvent,
  type BootServerOptions,
} from '../../../../boot-server/index.js';
import {
  createStore,
  standardArtifacts,
  digestOf,
  type StoreFixture,
} from '../../../support/store-fixture.js';

const mac = '52:54:00:12:34:56';
let store: StoreFixture;
let server: BootServer;
const events: BootServerEvent[] = [];

function start(
  overrides: Pick<BootServerOptions, 'profile' | 'assignment'> = {},
): Promise<BootServer> {
  return startBootServer({
    store: store.directory,
    interface: 'lo',
    dhcp: { mode: 'off' },
    tftp: false,
    httpPort: 0,
    extraArguments: ['onib.test=1'],
    onEvent: (event) => events.push(event),
    ...overrides,
  });
}

beforeEach(async () => {
  events.length = 0;
  store = await createStore();
  server = await start();
});

afterEach(async () => {
  await server.close();
  await store.remove();
});

const get = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`${server.url}${path}`, init);
const nodeScript = async (): Promise<string> => (await get(`/v1/boot?mac=${mac}`)).text();
const post = (
  body: string,
  name = mac,
  type = 'application/x-www-form-urlencoded',
): Promise<Response> =>
  get(`/v1/nodes/${name}/events`, { method: 'POST', body, headers: { 'Content-Type': type } });

/** What the server answers to bytes that no HTTP library would send. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  // Not end(): Node gives up a request whose sender closed its side.
  socket.write(bytes);
  return text(socket);
}

describe('what was served', () => {
  const mark = (): string => path.join(store.directory, 'served', '20261120T140501Z-3f9c');

  test('startBootServer() records the release whose script a node gets', async () => {
    await expect(stat(mark())).rejects.toThrow('ENOENT');
    await nodeScript();
    await vi.waitFor(async () => expect((await stat(mark())).isFile()).toBe(true));
  });

  test('startBootServer() serves where it cannot record, and says so once', async () => {
    await writeFile(path.join(store.directory, 'served'), 'no directory');
    expect(await nodeScript()).toContain('kernel');
    await vi.waitFor(() =>
      expect(events.find(({ type }) => type === 'warning')).toMatchObject({
        code: 'SERVED_NOT_RECORDED',
      }),
    );
    expect((await get('/releases/20261120T140501Z-3f9c/base.trixie.squashfs')).status).toBe(200);
    expect(events.filter(({ type }) => type === 'warning')).toHaveLength(1);
  });
});

describe('boot contract', () => {
  test('startBootServer() serves every name that it advertises', async () => {
    const script = await nodeScript();
    const urls = [...script.matchAll(/http:\/\/[^\s]+/g)]
      .map(([url]) => url)
      .filter((url) => url !== server.url);
    const manifestUrl = /onib\.manifest=(\S+)/.exec(script)?.[1] ?? '';
    const manifest = await (await fetch(manifestUrl)).text();
    expect(script).toContain(
      `onib.digest=sha256:${createHash('sha256').update(manifest).digest('hex')}`,
    );
    const source = /^source (.*)$/m.exec(manifest)?.[1] ?? '';
    const layers = [...manifest.matchAll(/^layer \S+ \S+ ([0-9a-f]{64}) (\d+)$/gm)];
    expect(layers).toHaveLength(3);
    for (const [, sha256 = '', size = ''] of layers) {
      const body = Buffer.from(await (await fetch(`${source}${sha256}`)).arrayBuffer());
      expect(body).toHaveLength(Number(size));
      expect(createHash('sha256').update(body).digest('hex')).toBe(sha256);
    }
    expect(urls).toHaveLength(3);
    for (const url of urls) expect((await fetch(url)).status).toBe(200);
  });

  test('startBootServer() sends every parameter that the initrd reads', async () => {
    const script = await nodeScript();
    expect(script).toMatch(/^#!ipxe\n/);
    const line = /^kernel --name vmlinuz \S+ (.*)$/m.exec(script)?.[1]?.split(' ') ?? [];
    const keys = line.map((word) => word.split('=')[0]);
    for (const key of [
      'initrd',
      'boot',
      'onib.manifest',
      'onib.digest',
      'onib.server',
      'BOOTIF',
      'ip',
    ]) {
      expect(keys).toContain(key);
    }
    expect(line).toContain(`onib.server=${server.url}`);
    expect(line).toContain('BOOTIF=01-52-54-00-12-34-56');
    expect(line.slice(-2)).toEqual(['console=ttyS0,115200', 'onib.test=1']);
    expect(script).toContain('initrd --name initrd.img ');
  });

  test('startBootServer() lays the boot manifest out as the contract says', async () => {
    const manifestUrl = /onib\.manifest=(\S+)/.exec(await nodeScript())?.[1] ?? '';
    const response = await fetch(manifestUrl);
    expect(response.headers.get('cache-control')).toContain('immutable');
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').slice(0, 3));
    expect(lines).toEqual([
      ['onib-boot', '1'],
      ['release', '20261120T140501Z-3f9c'],
      ['kernel', '6.12.57+deb13-amd64'],
      ['layer', 'modules', 'squashfs'],
      ['layer', 'base', 'squashfs'],
      ['layer', 'discovery', 'cpio.gz'],
      ['source', `${server.url}/objects/`],
    ]);
  });

  test('startBootServer() serves a manifest of before its restart', async () => {
    const url = /onib\.manifest=(\S+)/.exec(await nodeScript())?.[1] ?? '';
    const { port } = new URL(server.url);
    await server.close();
    server = await startBootServer({
      store: store.directory,
      interface: 'lo',
      dhcp: { mode: 'off' },
      tftp: false,
      httpPort: Number(port),
      onEvent: (event) => events.push(event),
    });
    expect((await fetch(url)).status).toBe(200);
  });

  test("/boot.ipxe chains to the connection's own address, whatever Host says", async () => {
    const answer = await raw(
      'GET /boot.ipxe HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toContain(`${server.url}/v1/boot?mac=\${netX/mac:hexhyp}`);
    expect(answer).not.toContain('evil');
  });
});

describe('releases', () => {
  test('a switch of current acts on the next script; old releases stay', async () => {
    const before = await nodeScript();
    const content = Buffer.from('another kernel');
    await store.addRelease({
      id: 'r2',
      artifacts: standardArtifacts.map((artifact) =>
        artifact.kind === 'kernel' ? { ...artifact, content } : artifact,
      ),
    });
    await store.switchTo('r2');
    const after = await nodeScript();
    expect(after).toContain('/releases/r2/');
    for (const script of [before, after]) {
      const url = /^kernel --name vmlinuz (\S+)/m.exec(script)?.[1] ?? '';
      expect((await fetch(url)).status).toBe(200);
    }
    expect(events).toContainEqual({
      type: 'release-changed',
      release: 'r2',
      previous: '20261120T140501Z-3f9c',
    });
  });

  test("a store without a release, and an unknown profile, are said on the node's screen", async () => {
    await server.close();
    server = await start({ profile: 'nowhere' });
    expect(await nodeScript()).toContain('has no boot profile "nowhere"');
    await unlink(`${store.directory}/current`);
    const script = await nodeScript();
    expect(script).toContain('the store holds no release');
    expect(script).toContain('onib build all makes one, onib push copies one');
    expect(script).toMatch(/^sleep \d+$/m);
    expect(events).toContainEqual(
      expect.objectContaining({
        ...{ type: 'warning', code: 'NO_RELEASE' },
        hint: 'onib build all makes one, onib push copies one',
      }),
    );
  });

  test('startBootServer() says once that nobody assigns the profiles of a release to nodes', async () => {
    const told = (): BootServerEvent[] =>
      events.filter((event) => event.type === 'warning' && event.code === 'NODES_UNASSIGNED');
    expect(told()).toEqual([]);
    for (const id of ['r2', 'r3']) {
      await store.addRelease({
        ...{ id, artifacts: standardArtifacts },
        profiles: [{ name: 'discovery' }, { name: 'rescue' }],
      });
      await store.switchTo(id);
      expect(await nodeScript()).toContain(`/releases/${id}/`);
    }
    expect(told()).toHaveLength(1);
    expect(told()[0]).toMatchObject({
      message:
        'Cannot tell nodes apart: nothing says which node gets which profile, so all get "discovery" of release r2, and none gets "rescue"',
      hint: expect.stringContaining('--assign <file>') as string,
    });
    await server.close();
    events.length = 0;
    server = await start();
    expect(told()).toHaveLength(1);
    for (const overrides of [
      { profile: 'rescue' },
      { assignment: { file: 'boot-profiles.yml', nodes: [] } },
    ]) {
      await server.close();
      events.length = 0;
      server = await start(overrides);
      expect(told()).toEqual([]);
    }
  });

  test('a damaged object is refused, not served', async () => {
    const digest = digestOf(standardArtifacts[0]?.content ?? '').slice(7);
    await appendFile(store.objectPath(digest), 'x');
    expect((await get(`/objects/${digest}`)).status).toBe(500);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'warning', code: 'OBJECT_DAMAGED' }),
    );
    await unlink(store.objectPath(digest));
    expect((await get(`/objects/${digest}`)).status).toBe(404);
  });
});

describe('requests', () => {
  const loader = standardArtifacts.find((artifact) => artifact.fileName === 'snponly.efi');
  const sha256 = digestOf(loader?.content ?? '').slice(7);
  const size = Buffer.byteLength(loader?.content ?? '');

  test.each<[string, Record<string, string>, number, number]>([
    ['the whole', {}, 200, size],
    ['a part', { range: 'bytes=100-199' }, 206, 100],
    ['the rest', { range: `bytes=${String(size - 10)}-` }, 206, 10],
    ['the end', { range: 'bytes=-7' }, 206, 7],
    ['a broken range', { range: 'bytes=a-b' }, 200, size],
    ['a reversed range', { range: 'bytes=9-3' }, 200, size],
    ['several ranges', { range: 'bytes=0-1,4-5' }, 200, size],
    ['a range past the end', { range: `bytes=${String(size)}-` }, 416, 0],
    ['If-Range with our tag', { range: 'bytes=0-9', 'if-range': `"${sha256}"` }, 206, 10],
    ['a stale If-Range', { range: 'bytes=0-9', 'if-range': '"other"' }, 200, size],
    ['If-None-Match', { 'if-none-match': `"${sha256}"` }, 304, 0],
    ['If-Match of another', { 'if-match': '"other"' }, 412, 0],
  ])('/objects answers %s', async (_, headers, status, bytes) => {
    const response = await get(`/objects/${sha256}`, { headers });
    expect(response.status).toBe(status);
    expect((await response.arrayBuffer()).byteLength).toBe(bytes);
  });

  test('HEAD says size, tag and type, and sends nothing', async () => {
    const response = await get('/releases/20261120T140501Z-3f9c/snponly.efi', { method: 'HEAD' });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': String(size),
      'content-type': 'application/efi',
      etag: `"${sha256}"`,
      'accept-ranges': 'bytes',
    });
  });

  test.each([
    '/..;/etc/passwd',
    '/objects/../manifest.json',
    '/objects/%2e%2e',
    '/objects/..%2f..%2fetc%2fpasswd',
    '/releases/20261120T140501Z-3f9c/manifest.json',
    '/releases/../current',
    '/objects/%00',
    '/%252e%252e/etc/passwd',
    '/boot.ipxe/',
    '//boot.ipxe',
    '/objects',
    `/objects/${'a'.repeat(64)}`,
    `/v1/manifests/${'a'.repeat(64)}`,
  ])('%s is not found', async (path) => {
    expect(await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 404 /,
    );
  });

  test.each<[string, string, number]>([
    ['a broken escape', 'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    ['no path', 'GET foo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    [
      'the absolute form',
      'GET http://other/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      200,
    ],
    ['another method', 'DELETE /boot.ipxe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
    ['1 MB of headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(1_000_000)}\r\n\r\n`, 431],
  ])('%s is answered', async (_, bytes, status) => {
    const answer = await raw(bytes).catch((error: unknown) => String(error));
    // The kernel may report the reset before the answer is read.
    expect(answer).toMatch(
      status === 431 ? /431|ECONNRESET|EPIPE/ : new RegExp(`^HTTP/1\\.1 ${String(status)} `),
    );
  });

  test.each(['', 'zz', '52:54:00:12:34', 'ff:ff:ff:ff:ff:ff', '52:54:00:12:34:56%0a', '${mac}'])(
    '/v1/boot refuses mac=%j',
    async (text) => {
      expect((await get(`/v1/boot?mac=${text}`)).status).toBe(400);
    },
  );

  test.each([
    '52:54:00:12:34:56',
    '52-54-00-12-34-56',
    '5254.0012.3456',
    '525400123456',
    '52:54:00:12:34:56'.toUpperCase(),
  ])('/v1/boot knows %s', async (text) => {
    expect(await (await get(`/v1/boot?mac=${text}`)).text()).toContain(
      'BOOTIF=01-52-54-00-12-34-56',
    );
  });
});

describe('events', () => {
  test('a boot becomes a timeline with seconds and bytes', async () => {
    await nodeScript();
    await get('/objects/' + digestOf(standardArtifacts[0]?.content ?? '').slice(7)).then(
      (response) => response.arrayBuffer(),
    );
    expect((await post('stage=fetch&uptime=3.5&bytes=300000')).status).toBe(204);
    expect((await post('stage=fetch&release=&profile=')).status).toBe(204);
    expect((await post('stage=failed&code=DIGEST&detail=a%0ab%1b[31m')).status).toBe(204);
    const [node] = server.nodes();
    expect(node).toMatchObject({
      mac,
      profile: 'discovery',
      address: '127.0.0.1',
      stage: 'failed',
      boots: 1,
    });
    expect(node?.timeline.map(({ stage }) => stage)).toEqual([
      'script',
      'fetch',
      'fetch',
      'failed',
    ]);
    expect(node?.timeline[1]).toMatchObject({ uptime: 3.5, fetchedBytes: 300_000 });
    expect(node?.timeline[1]?.servedBytes).toBeGreaterThan(300_000);
    expect(node?.timeline[3]).toMatchObject({ code: 'DIGEST', detail: 'a b [31m' });
    expect(await (await get(`/v1/nodes/${mac}`)).json()).toMatchObject({
      schema: 'onib.node/1',
      mac,
    });
  });

  test.each([
    '',
    'stage=',
    'stage=dhcp',
    'stage=script',
    'stage=nonsense',
    'stage=failed',
    'stage=ready&uptime=-1',
    'stage=ready&bytes=x',
    'stage=ready&release=../x',
  ])('an event %j is refused', async (body) => {
    expect((await post(body)).status).toBe(400);
    expect(server.nodes()).toEqual([]);
  });

  test('an event of a wrong type, size, MAC or sender is refused', async () => {
    expect((await post('{}', mac, 'application/json')).status).toBe(415);
    expect((await post(`stage=ready&detail=${'x'.repeat(9000)}`)).status).toBe(413);
    expect((await post('stage=ready', 'nobody')).status).toBe(400);
    expect((await post('stage=ready')).status).toBe(204);
    // 127.0.0.1 is the first node's now.
    expect((await post('stage=ready', '52:54:00:00:00:01')).status).toBe(403);
  });

  test('the status page shows when each stage of a boot was reached', async () => {
    await post('stage=fetch');
    await post('stage=verify');
    expect(await (await get('/')).text()).toMatch(/fetch 0 s, verify [\d.]+ s/);
  });

  test('the status page shows what nodes sent as text', async () => {
    await get(`/v1/boot?mac=${mac}&serial=${encodeURIComponent('<script>alert(1)</script>')}`);
    const page = await (await get('/')).text();
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script>');
  });
});
