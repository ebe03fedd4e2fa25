/** `onib serve --dhcp proxy` beside a real dnsmasq: addresses come from there, what to boot from here. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { localServerArguments, NETWORK } from '../../../src/vm/network/network.js';
import {
  biosOptions,
  ipxeOptions,
  uefiHttpOptions,
  uefiOptions,
  withOptions,
  type Options,
} from '../../unit/boot-server/dhcp/packets.js';
import { BootBench } from '../../support/boot-bench.js';
import { SERVER_ADDRESS, type BootNetwork } from '../../support/boot-network.js';
import { askForLease, CLIENTS, writeLeaseScript } from '../../support/dhcp-client.js';
import { PxeFirmware, type PxeReply } from '../../support/pxe-firmware.js';
import type { ServeProcess } from '../../support/serve-process.js';
import { digestOf } from '../../support/store-fixture.js';
import { until } from '../../support/wait.js';

const MAC = '52:54:00:77:01:01';
const DNSMASQ = NETWORK.localServer;
const URL = `http://${SERVER_ADDRESS}:8080`;
const everybody = { address: '255.255.255.255', port: 67 };
const BROADCAST_FLAG = 0x8000;

let bench: BootBench;
let network: BootNetwork;
let server: ServeProcess;
let script: string;
let transaction = 1000;
const dnsmasqLines: string[] = [];

/** Resolves when it answers: its sockets are bound before it tells its ranges. */
async function startDnsmasq(on: BootNetwork): Promise<void> {
  await on.addMachine('dnsmasq', '52:54:00:77:01:02', DNSMASQ);
  on.start('dnsmasq', ['dnsmasq', ...localServerArguments('proxy')], {
    check: false,
    onLine: (line) => dnsmasqLines.push(line),
  });
  const range = `DHCP, IP range ${NETWORK.range.first}`;
  await until('dnsmasq', () => dnsmasqLines.find((line) => line.includes(range)));
}

beforeAll(async () => {
  bench = await BootBench.create({
    machines: { node: MAC },
    serve: ['--dhcp', 'proxy'],
    prepare: startDnsmasq,
  });
  ({ network, server } = bench);
  script = await writeLeaseScript(bench.scratch);
  return () => bench[Symbol.asyncDispose]();
});

const bytesOf = (address: string): Buffer => Buffer.from(address.split('.').map(Number));
const serverOf = ({ options }: PxeReply): string => [...(options.get(54) ?? [])].join('.');

/** DISCOVER; the offers of both servers to it. */
async function offersFor(
  firmware: PxeFirmware,
  options: Options,
): Promise<{ readonly address: PxeReply; readonly boot: PxeReply }> {
  transaction += 1;
  const fields = { transaction, flags: BROADCAST_FLAG, options, hardwareAddress: macBytes };
  const isFrom = (address: string) => (reply: PxeReply) => serverOf(reply) === address;
  const boot = await firmware.ask(fields, everybody, isFrom(SERVER_ADDRESS));
  const address = await firmware.ask(fields, everybody, isFrom(DNSMASQ));
  return { address, boot };
}

const macBytes = Buffer.from(MAC.replaceAll(':', ''), 'hex');

/** Takes dnsmasq's offer: REQUEST to everybody, as RFC 2131 has it; then the address is the machine's. */
async function takeAddress(firmware: PxeFirmware, offer: PxeReply, sent: Options): Promise<void> {
  const options = withOptions(sent, 3, [54, bytesOf(DNSMASQ)], [50, bytesOf(offer.yourAddress)]);
  const acknowledged = await firmware.ask(
    { transaction, flags: BROADCAST_FLAG, options, hardwareAddress: macBytes },
    everybody,
    ({ type }) => type === 5,
  );
  expect(serverOf(acknowledged)).toBe(DNSMASQ);
  expect(acknowledged.yourAddress).toBe(offer.yourAddress);
  await network.configure('node', [
    'address flush dev eth0',
    `address add ${offer.yourAddress}/24 dev eth0`,
  ]);
}

function expectBoot(reply: PxeReply, file: string): void {
  expect(reply.file).toBe(file);
  expect(reply.options.get(67)?.toString()).toBe(file);
  expect(reply.options.get(60)?.toString()).toBe('PXEClient');
  expect(reply.options.get(43)).toEqual(Buffer.of(6, 1, 8, 255));
  expect(reply.nextServer).toBe(SERVER_ADDRESS);
  expect(reply.yourAddress).toBe('0.0.0.0');
}

describe('proxy DHCP beside dnsmasq', () => {
  it('leaves a machine that does not netboot to dnsmasq', async () => {
    const lease = await askForLease(network, 'node', script);
    expect(lease).toMatchObject({ serverid: DNSMASQ, router: DNSMASQ, dns: DNSMASQ });
    expect(lease?.boot_file).toBeUndefined();
    await server.event('dhcp-ignored', { mac: MAC, reason: 'not-netboot' });
    expect(dnsmasqLines.join('\n')).toContain(`DHCPACK(eth0) ${lease?.ip ?? ''} ${MAC}`);
  });

  it.each([
    ['BIOS', biosOptions, 'undionly.kpxe'],
    ['x86-64 UEFI', uefiOptions, 'snponly.efi'],
  ])('gives %s its loader, while dnsmasq gives the address', async (_, options, loader) => {
    using firmware = await PxeFirmware.on(network, 'node');
    const { address, boot } = await offersFor(firmware, options);
    expectBoot(boot, loader);
    expect(address.yourAddress).toMatch(/^192\.168\.77\.1\d\d$/);
    expect(address.file).toBe('');

    const before = server.events.length;
    await takeAddress(firmware, address, options);
    await server.event('dhcp-ignored', { reason: 'for-another-server' });
    expect(server.events.slice(before).map(({ type }) => type)).not.toContain('dhcp-ack');

    const ask = withOptions(options, 3, [54, bytesOf(SERVER_ADDRESS)]);
    const fields = { transaction, ciaddr: address.yourAddress, options: ask };
    const answered = await firmware.ask(
      { ...fields, hardwareAddress: macBytes },
      { address: SERVER_ADDRESS, port: 4011 },
      (reply) => reply.type === 5 && serverOf(reply) === SERVER_ADDRESS,
    );
    expectBoot(answered, loader);
    expect(answered.from).toEqual({ address: SERVER_ADDRESS, port: 4011 });
    await server.event('dhcp-ack', { mac: MAC, bootFile: loader });

    // And that name is what TFTP has.
    const file = path.join(bench.scratch, loader);
    const fetch = ['atftp', '--get', '--remote-file', answered.file, '--local-file', file];
    await network.run('node', [...fetch, answered.nextServer]);
    expect(digestOf(await readFile(file))).toBe(digestOf(await loaderBytes(loader)));
  });

  it('answers on port 4011 to the port that was asked from', async () => {
    using firmware = await PxeFirmware.on(network, 'node');
    const { address } = await offersFor(firmware, uefiOptions);
    await takeAddress(firmware, address, uefiOptions);
    using other = await PxeFirmware.on(network, 'node', 4011);
    transaction += 1;
    const options = withOptions(uefiOptions, 3);
    const fields = { transaction, ciaddr: address.yourAddress, options, hardwareAddress: macBytes };
    const to = { address: SERVER_ADDRESS, port: 4011 };
    expectBoot(await other.ask(fields, to, ({ type }) => type === 5), 'snponly.efi');
    expect(firmware.replies.filter((reply) => reply.transaction === transaction)).toEqual([]);
  });

  it('gives iPXE the script, and nothing to wait for', async () => {
    using firmware = await PxeFirmware.on(network, 'node');
    const { boot } = await offersFor(firmware, ipxeOptions);
    expectBoot(boot, `${URL}/boot.ipxe`);
    expect(boot.options.get(175)).toEqual(Buffer.of(0xb0, 1, 1));
  });

  it('gives UEFI HTTP Boot a URL, in the class that it looks for', async () => {
    using firmware = await PxeFirmware.on(network, 'node');
    const { boot } = await offersFor(firmware, uefiHttpOptions);
    expect(boot.options.get(60)?.toString()).toBe('HTTPClient');
    expect(boot.file).toBe(`${URL}/releases/20261120T140501Z-3f9c/snponly.efi`);
    expect(boot.options.has(43)).toBe(false);
  });

  it('never offers an address of its own', async () => {
    // udhcpc takes the first offer, whatever is in it: what onib sent it holds no address either.
    await askForLease(network, 'node', script, ...CLIENTS.bios);
    const ours = server.events.filter(({ type }) => type === 'dhcp-offer' || type === 'dhcp-ack');
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.filter((event) => event.address !== undefined)).toEqual([]);
  });
});

async function loaderBytes(name: string): Promise<Buffer> {
  return await readFile(path.join(bench.store.directory, 'current', name));
}
