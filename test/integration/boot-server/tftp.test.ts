/** TFTP of `onib serve` with the clients of tftp-hpa, atftp, busybox and curl, on good links and bad ones. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/host/run.js';
import { BootBench } from '../../support/boot-bench.js';
import { SERVER_ADDRESS } from '../../support/boot-network.js';
import { LossyLink, type Datagram } from '../../support/lossy-link.js';
import { digestOf, standardArtifacts } from '../../support/store-fixture.js';

const RRQ = 1;
const DATA = 3;
const ACK = 4;
const ADDRESS = '192.168.77.60';
/** Fills its last block: an empty one must follow. */
const exact = {
  kind: 'loader',
  fileName: 'exact.efi',
  content: Buffer.alloc(1468 * 20, 'x'),
} as const;
const damaged = { kind: 'loader', fileName: 'damaged.efi', content: 'right'.repeat(1000) } as const;
const loaders = [...standardArtifacts, exact].filter(({ kind }) => kind === 'loader');

let bench: BootBench;

beforeAll(async () => {
  bench = await BootBench.create({
    machines: { node: '52:54:00:77:02:01' },
    release: { artifacts: [...standardArtifacts, exact, damaged] },
    // TFTP opens a port for every transfer: also when the server is root no more.
    serve: ['--dhcp', 'off', '--user', 'nobody'],
    prepare: (network) => network.configure('node', [`address add ${ADDRESS}/24 dev eth0`]),
  });
  return () => bench[Symbol.asyncDispose]();
});

interface Server {
  readonly address: string;
  readonly port: number;
}
type Client = (name: string, file: string, server: Server) => string[];

const server: Server = { address: SERVER_ADDRESS, port: 69 };

const atftp =
  (...options: string[]): Client =>
  (name, file, { address, port }) => [
    ...['atftp', '--trace', ...options.flatMap((option) => ['--option', option])],
    ...['--get', '--remote-file', name, '--local-file', file, address, String(port)],
  ];

const clients = {
  'tftp-hpa': (name: string, file: string, { address, port }) => [
    ...['tftp', '-v', '-m', 'binary', address, String(port), '-c', 'get', name, file],
  ],
  atftp: atftp('blksize 1468', 'tsize 0'),
  busybox: (name, file, { address, port }) => [
    ...['busybox', 'tftp', '-b', '1400', '-g', '-r', name, '-l', file, address, String(port)],
  ],
  curl: (name, file, { address, port }) => [
    ...['curl', '--silent', '--show-error', '--output', file],
    `tftp://${address}:${String(port)}/${name}`,
  ],
} satisfies Record<string, Client>;

/** A file that no earlier transfer wrote. */
function target(): string {
  count += 1;
  return path.join(bench.scratch, `file-${String(count)}`);
}
let count = 0;

interface Fetched extends RunResult {
  readonly content: Buffer;
}

async function fetch(client: Client, name: string, from: Server = server): Promise<Fetched> {
  const file = target();
  const result = await bench.network.run('node', client(name, file, from), { check: false });
  return { ...result, content: await readFile(file).catch(() => Buffer.alloc(0)) };
}

function contentOf(name: string): Buffer {
  return Buffer.from(loaders.find(({ fileName }) => fileName === name)?.content ?? '');
}

function expectWhole({ content, exitCode, stderr }: Fetched, name: string): void {
  expect(stderr).not.toContain('aborting');
  expect(exitCode).toBe(0);
  expect(digestOf(content)).toBe(digestOf(contentOf(name)));
}

describe('TFTP', () => {
  it.each(Object.entries(clients))('sends %s every loader of the release', async (_, client) => {
    for (const { fileName } of loaders) expectWhole(await fetch(client, fileName), fileName);
    const sent = { address: ADDRESS, name: 'exact.efi', bytes: exact.content.length };
    await bench.server.event('tftp-sent', sent);
  });

  it('sends the script that iPXE looks for beside its loader', async () => {
    const { content } = await fetch(atftp(), 'autoexec.ipxe');
    expect(content.toString()).toMatch(/^#!ipxe\n/);
    expect(content.toString()).toContain(
      `chain --autofree http://${SERVER_ADDRESS}:8080/boot.ipxe`,
    );
  });

  it.each([
    [['blksize 1468', 'tsize 0'], 'tsize: 70001, blksize: 1468'],
    // Larger blocks would be cut into fragments, which firmware drops.
    [['blksize 65464'], 'blksize: 1468'],
    [['blksize 8'], 'blksize: 8'],
    [['tsize 0', 'timeout 3'], 'tsize: 70001, timeout: 3'],
    [['windowsize 8', 'blksize 1024'], 'windowsize: 8, blksize: 1024'],
  ])('agrees with atftp on %j', async (options, agreed) => {
    const fetched = await fetch(atftp(...options), 'undionly.kpxe');
    expect(fetched.stderr).toContain(`received OACK <${agreed}`);
    expectWhole(fetched, 'undionly.kpxe');
  });

  it('counts on from 0 after block 65535', async () => {
    const fetched = await fetch(atftp('blksize 8'), 'ipxe.efi');
    expectWhole(fetched, 'ipxe.efi');
    expect(fetched.content.length / 8).toBeGreaterThan(65535);
  });

  it('serves sixteen transfers of one address at once', async () => {
    const all = Array.from({ length: 16 }, () => fetch(clients['tftp-hpa'], 'snponly.efi'));
    for (const fetched of await Promise.all(all)) expectWhole(fetched, 'snponly.efi');
  });

  it.each([
    '/etc/passwd',
    '../lock',
    '../../../../../../../../etc/passwd',
    '..\\..\\etc\\passwd',
    '%2e%2e/%2e%2e/etc/passwd',
    'releases/20261120T140501Z-3f9c/undionly.kpxe',
    'vmlinuz-6.12.57+deb13-amd64',
  ])('has no file %j', async (name) => {
    const { content, exitCode, stdout, stderr } = await fetch(atftp(), name);
    expect(stdout + stderr).toContain('error received from server <file not found>');
    expect(exitCode).not.toBe(0);
    expect(content).toHaveLength(0);
  });

  it('takes no file', async () => {
    const put = ['-l', path.join(bench.store.directory, 'current/manifest.json')];
    const to = ['-r', 'undionly.kpxe', SERVER_ADDRESS];
    const refused = await bench.network.run('node', ['atftp', '--trace', '-p', ...put, ...to], {
      check: false,
    });
    expect(refused.stdout + refused.stderr).toContain('this server is read-only');
    expectWhole(await fetch(atftp(), 'undionly.kpxe'), 'undionly.kpxe');
  });
});

type Matches = (datagram: Datagram) => boolean;

/** Of each transfer the first datagram of this kind is lost. */
const losses: Readonly<Record<string, () => Matches>> = {
  request:
    () =>
    ({ opcode }) =>
      opcode === RRQ,
  'first answer':
    () =>
    ({ from }) =>
      from === 'server',
  'first acknowledgement':
    () =>
    ({ opcode }) =>
      opcode === ACK,
  'block 3':
    () =>
    ({ opcode, block }) =>
      opcode === DATA && block === 3,
  'acknowledgement of block 3':
    () =>
    ({ opcode, block }) =>
      opcode === ACK && block === 3,
  'last block': () => {
    let whole = 0;
    return ({ opcode, bytes }) => {
      if (opcode === DATA) whole = Math.max(whole, bytes);
      return opcode === DATA && bytes < whole;
    };
  },
};

describe('TFTP on a bad link', () => {
  it.each(Object.entries(clients))('reaches %s whichever datagram is lost', async (_, client) => {
    const transfers = Object.entries(losses).map(async ([what, matches]) => {
      let lost: Datagram | undefined;
      const isOfKind = matches();
      using link = await LossyLink.open(bench.network, 'node', (datagram) => {
        if (lost !== undefined || !isOfKind(datagram)) return false;
        lost = datagram;
        return true;
      });
      const fetched = await fetch(client, 'undionly.kpxe', {
        address: '127.0.0.1',
        port: link.port,
      });
      expect(lost, what).toBeDefined();
      expectWhole(fetched, 'undionly.kpxe');
    });
    await Promise.all(transfers);
  });

  it('does not repeat its OACK to atftp, which takes that for an error', async () => {
    // A slow machine: its first acknowledgement arrives only after it has given it again.
    let acknowledgements = 0;
    using link = await LossyLink.open(bench.network, 'node', ({ opcode }) => {
      if (opcode === ACK) acknowledgements += 1;
      return opcode === ACK && acknowledgements === 1;
    });
    const near = { address: '127.0.0.1', port: link.port };
    expectWhole(await fetch(atftp('blksize 1468'), 'undionly.kpxe', near), 'undionly.kpxe');
    expect(link.seen.filter(({ opcode }) => opcode === 6)).toHaveLength(1);
  });
});

describe('TFTP and the store', () => {
  it('does not send a loader that is damaged', async () => {
    const object = digestOf(damaged.content).slice('sha256:'.length);
    await writeFile(bench.store.objectPath(object), 'something else');
    const { content, stdout, stderr } = await fetch(atftp(), damaged.fileName);
    expect(stdout + stderr).toContain('this server cannot read the file');
    expect(content).toHaveLength(0);
    const failed = await bench.server.event('tftp-failed', { name: damaged.fileName });
    expect(failed.reason).toContain('it has 14 bytes instead of 5000');
  });

  it('sends the loader of the new release as soon as there is one', async () => {
    const content = Buffer.alloc(5000, 'new');
    const { id } = await bench.store.addRelease({
      id: '20261121T080000Z-0001',
      artifacts: [{ kind: 'loader', fileName: 'undionly.kpxe', content }],
      profiles: [],
    });
    await bench.store.switchTo(id);
    await bench.server.event('release-changed', { release: id });
    const fetched = await fetch(atftp(), 'undionly.kpxe');
    expect(digestOf(fetched.content)).toBe(digestOf(content));
    const gone = await fetch(atftp(), 'snponly.efi');
    expect(gone.stdout + gone.stderr).toContain('file not found');
  });
});
