/** `onib serve --dhcp full` with udhcpc, in a network of their own: addresses, and in the same answer what to boot. */
import { beforeAll, describe, expect, it } from 'vitest';
import { BootBench } from '../../support/boot-bench.js';
import { SERVER_ADDRESS, type BootNetwork } from '../../support/boot-network.js';
import {
  askForLease,
  CLIENTS,
  DhcpClient,
  firmware,
  writeLeaseScript,
  type Lease,
} from '../../support/dhcp-client.js';
import type { ServeProcess } from '../../support/serve-process.js';

const MAC = '52:54:00:77:00:01';
const OTHER_MAC = '52:54:00:77:00:02';
const THIRD_MAC = '52:54:00:77:00:03';
const URL = `http://${SERVER_ADDRESS}:8080`;
/** Two addresses, so that a third machine finds none. */
const RANGE = ['192.168.77.50', '192.168.77.51'];

let bench: BootBench;
let network: BootNetwork;
let server: ServeProcess;
let script: string;

beforeAll(async () => {
  const settings = ['--router', '192.168.77.254', '--nameserver', '192.168.77.2', '192.168.77.3'];
  bench = await BootBench.create({
    machines: { node: MAC, other: OTHER_MAC, third: THIRD_MAC },
    serve: ['--dhcp', 'full', '--range', RANGE.join('-'), ...settings],
  });
  ({ network, server } = bench);
  script = await writeLeaseScript(bench.scratch);
  return () => bench[Symbol.asyncDispose]();
});

/** What a lease says about booting. */
function bootOf(lease: Lease | undefined): Readonly<Record<string, string | undefined>> {
  expect(lease).toBeDefined();
  const { boot_file, bootfile, siaddr, sname, tftp, vendor, opt43, opt97, opt175 } = lease ?? {};
  return { boot_file, bootfile, siaddr, sname, tftp, vendor, opt43, opt97, opt175 };
}

const nothingToBoot = Object.fromEntries(
  ['boot_file', 'bootfile', 'siaddr', 'sname', 'tftp', 'vendor', 'opt43', 'opt97', 'opt175'].map(
    (key) => [key, undefined],
  ),
);

/** Header and options say the same; the machine's UUID comes back. */
function booting(file: string): Readonly<Record<string, string | undefined>> {
  return {
    ...{ boot_file: file, bootfile: file },
    ...{ siaddr: SERVER_ADDRESS, sname: SERVER_ADDRESS, tftp: SERVER_ADDRESS },
    ...{ vendor: 'PXEClient', opt97: '0000112233445566778899aabbccddeeff' },
    // Sub-option 6, value 8: use the boot file of this answer.
    ...{ opt43: '060108ff', opt175: undefined },
  };
}

describe('full DHCP', () => {
  it('gives a machine that does not netboot its address and network, and nothing to boot', async () => {
    const lease = await askForLease(network, 'node', script);
    expect(lease).toMatchObject({
      ...{ subnet: '255.255.255.0', broadcast: '192.168.77.255', mask: '24' },
      ...{ router: '192.168.77.254', dns: '192.168.77.2 192.168.77.3' },
      ...{ serverid: SERVER_ADDRESS, lease: '3600' },
    });
    expect(RANGE).toContain(lease?.ip);
    expect(bootOf(lease)).toEqual(nothingToBoot);
    await server.event('dhcp-ack', { mac: MAC, client: 'plain', address: lease?.ip });
    // udhcpc took the address: the server answers it.
    await network.run('node', ['curl', '--silent', '--fail', `${URL}/healthz`]);
  });

  it.each([
    ['BIOS', CLIENTS.bios, 'undionly.kpxe', 'x86 BIOS'],
    ['x86-64 UEFI', CLIENTS.uefi, 'snponly.efi', 'x86-64 UEFI'],
    [
      'x86-64 UEFI of the other number',
      firmware('PXEClient:Arch:00009:UNDI:003016', 9),
      'snponly.efi',
      'x86-64 UEFI (EBC)',
    ],
  ])('names the loader for %s', async (_, client, loader, architecture) => {
    const lease = await askForLease(network, 'node', script, ...client);
    expect(bootOf(lease)).toEqual(booting(loader));
    const fields = { mac: MAC, client: 'firmware', architecture, bootFile: loader };
    await server.event('dhcp-offer', fields);
    await server.event('dhcp-ack', { ...fields, address: lease?.ip });
  });

  it('names the script for iPXE, and that there is no proxy to wait for', async () => {
    const lease = await askForLease(network, 'node', script, ...CLIENTS.ipxe);
    expect(bootOf(lease)).toEqual({ ...booting(`${URL}/boot.ipxe`), opt175: 'b00101' });
    await server.event('dhcp-ack', { mac: MAC, client: 'ipxe', bootFile: `${URL}/boot.ipxe` });
  });

  it('names the URL of the loader for UEFI HTTP Boot, which curl can fetch', async () => {
    const lease = await askForLease(network, 'node', script, ...CLIENTS.uefiHttp);
    const url = `${URL}/releases/20261120T140501Z-3f9c/snponly.efi`;
    expect(bootOf(lease)).toEqual({ ...booting(url), vendor: 'HTTPClient', opt43: undefined });
    const fetched = ['curl', '--silent', '--fail', '--output', '/dev/null', url];
    await network
      .run('node', [...fetched, '--write-out', '%{size_download} %{content_type}'])
      .then(({ stdout }) => expect(stdout).toBe('146800 application/efi'));
  });

  it('gives an address also to firmware that it has no loader for, and says why', async () => {
    const arm64 = firmware('PXEClient:Arch:00011:UNDI:003000', 11);
    const lease = await askForLease(network, 'node', script, ...arm64);
    expect(lease?.ip).toBeDefined();
    expect(bootOf(lease)).toEqual({ ...nothingToBoot, opt97: booting('').opt97 });
    const ignored = await server.event('dhcp-ignored', { mac: MAC, reason: 'no-loader' });
    expect(ignored.message).toContain('snponly-arm64.efi');
  });

  it('keeps the address of a node, whatever client identifier its programs send', async () => {
    const leases = [
      await askForLease(network, 'node', script, ...CLIENTS.bios, '-C'),
      await askForLease(
        network,
        'node',
        script,
        ...CLIENTS.ipxe,
        '-C',
        '-x',
        '0x3d:0152540077aa01',
      ),
      await askForLease(network, 'node', script, '-C', '-x', '0x3d:ff00000001'),
      await askForLease(network, 'node', script, '-r', '192.168.77.51'),
    ];
    expect(new Set(leases.map((lease) => lease?.ip)).size).toBe(1);
  });

  it('renews a lease by unicast when udhcpc asks so', async () => {
    await using client = new DhcpClient(network, 'node', script);
    const bound = await client.leaseAfter('bound');
    const before = server.events.length;
    await client.renew();
    expect((await client.leaseAfter('renew')).ip).toBe(bound.ip);
    // No new search: neither discover nor offer. On a quick network udhcpc may miss the first answer
    // (it comes to the socket that it asked from) and ask again.
    await expect.poll(() => server.events.length).toBeGreaterThan(before);
    for (const event of server.events.slice(before)) {
      expect(event).toMatchObject({ type: 'dhcp-ack', address: bound.ip });
    }
  });

  it('refuses an address that is not of this network, and gives another one', async () => {
    const lease = await askForLease(network, 'node', script, '-r', '10.1.2.3');
    expect(RANGE).toContain(lease?.ip);
  });

  it('has no address for a machine too many, until another gives its own back', async () => {
    const first = await askForLease(network, 'node', script);
    await using other = new DhcpClient(network, 'other', script);
    const second = await other.leaseAfter('bound');
    expect([first?.ip, second.ip].sort()).toEqual(RANGE);
    expect(await askForLease(network, 'third', script)).toBeUndefined();
    await server.event('dhcp-ignored', { mac: THIRD_MAC, reason: 'pool-exhausted' });

    await other.release();
    await server.event('dhcp-ignored', { mac: OTHER_MAC, reason: 'released' });
    expect((await askForLease(network, 'third', script))?.ip).toBe(second.ip);
  });
});
