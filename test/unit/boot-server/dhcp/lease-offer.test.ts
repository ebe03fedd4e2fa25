import { beforeEach, describe, expect, test } from 'vitest';
import { decodeDhcp, type DhcpMessage } from '../../../../boot-server/dhcp/codec.js';
import type { NetworkSettings } from '../../../../boot-server/dhcp/lease-offer.js';
import { LeasePool } from '../../../../boot-server/dhcp/leases.js';
import { decideOffer } from '../../../../boot-server/dhcp/offer.js';
import type { Answer, DhcpDecision } from '../../../../boot-server/dhcp/reply.js';
import {
  biosOptions,
  ipxeOptions,
  nodeMac,
  packet,
  plainOptions,
  uefiOptions,
  withOptions,
  type PacketFields,
} from './packets.js';

const server = '10.0.0.1';
const us = Buffer.of(10, 0, 0, 1);
const network: NetworkSettings = {
  netmask: '255.255.255.0',
  router: '10.0.0.254',
  nameservers: ['10.0.0.2', '10.0.0.3'],
  domain: 'rack.example',
  leaseSeconds: 600,
};
let pool: LeasePool;

beforeEach(() => {
  pool = new LeasePool({ first: '10.0.0.100', last: '10.0.0.109' }, [server], 600);
});

function decide(fields: PacketFields, now = 0): DhcpDecision {
  const request = decodeDhcp(packet(fields));
  if ('malformed' in request) throw new Error(request.malformed);
  return decideOffer(request, {
    sources: {
      address: server,
      scriptUrl: `http://${server}/boot.ipxe`,
      loaders: new Map([['undionly.kpxe', 'u']]),
    },
    port: 67,
    from: { address: '0.0.0.0', port: 68 },
    leases: { pool, network, now },
  });
}

function answerOf(decision: DhcpDecision): Answer {
  if (decision.kind === 'ignored') throw new Error(`ignored: ${decision.message}`);
  return decision;
}

function optionsOf(decision: DhcpDecision): DhcpMessage['options'] {
  return answerOf(decision).reply.options;
}

const addressBytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

describe('decideOffer, full', () => {
  test('decideOffer() gives an address and the boot file in one OFFER, the same again in the ACK', () => {
    const offer = answerOf(decide({ options: biosOptions }));
    expect(offer).toMatchObject({ kind: 'offer', bootFile: 'undionly.kpxe' });
    const { yourAddress } = offer.reply;
    expect(pool.contains(yourAddress)).toBe(true);
    const ack = answerOf(
      decide({ options: withOptions(biosOptions, 3, [54, us], [50, addressBytes(yourAddress)]) }),
    );
    expect(ack).toMatchObject({ kind: 'ack', address: yourAddress, bootFile: 'undionly.kpxe' });
    expect(ack.destination).toEqual({ address: '255.255.255.255', port: 68 });
    expect(pool.leaseOf(nodeMac)).toMatchObject({ state: 'bound', address: yourAddress });
  });

  test('decideOffer() tells a node its network', () => {
    const options = optionsOf(decide({ options: plainOptions }));
    expect(options.get(1)).toEqual(Buffer.of(255, 255, 255, 0));
    expect(options.get(3)).toEqual(Buffer.of(10, 0, 0, 254));
    expect(options.get(6)).toEqual(Buffer.of(10, 0, 0, 2, 10, 0, 0, 3));
    expect(options.get(15)?.toString()).toBe('rack.example');
    expect(options.get(28)).toEqual(Buffer.of(10, 0, 0, 255));
    expect([51, 58, 59].map((code) => options.get(code)?.readUInt32BE())).toEqual([600, 300, 525]);
    for (const code of [43, 60, 66, 67, 175]) expect(options.has(code)).toBe(false);
  });

  test('decideOffer() keeps one address for the ROM, iPXE and the initrd of a node', () => {
    const addresses = [biosOptions, ipxeOptions, plainOptions].map(
      (options) => answerOf(decide({ options })).address,
    );
    expect(new Set(addresses).size).toBe(1);
  });

  test('decideOffer() gives a node without a loader its address, and says what is missing', () => {
    const decision = answerOf(decide({ options: uefiOptions }));
    expect(decision).toMatchObject({
      kind: 'offer',
      bootFile: undefined,
      noBoot: { reason: 'no-loader' },
    });
    expect(decision.address).toBeDefined();
  });

  test('decideOffer() gives the address that a node remembers, and refuses one that is not ours (INIT-REBOOT)', () => {
    const good = decide({
      options: withOptions(plainOptions, 3, [50, addressBytes('10.0.0.105')]),
    });
    expect(good).toMatchObject({ kind: 'ack', address: '10.0.0.105' });
    const bad = answerOf(
      decide({ options: withOptions(plainOptions, 3, [50, addressBytes('192.168.1.5')]) }),
    );
    expect(bad).toMatchObject({
      kind: 'nak',
      destination: { address: '255.255.255.255', port: 68 },
    });
    expect(bad.reply.yourAddress).toBe('0.0.0.0');
  });

  test('decideOffer() renews to the address itself', () => {
    const renew: PacketFields = { ciaddr: '10.0.0.105', options: withOptions(plainOptions, 3) };
    expect(decide(renew)).toMatchObject({
      kind: 'ack',
      address: '10.0.0.105',
      destination: { address: '10.0.0.105', port: 68 },
    });
    expect(decide({ ciaddr: '10.0.0.250', options: withOptions(plainOptions, 3) })).toMatchObject({
      kind: 'nak',
    });
  });

  test('decideOffer() refuses an address that another node holds', () => {
    pool.bind('52:54:00:00:00:01', '10.0.0.105', 0);
    expect(
      decide({ options: withOptions(plainOptions, 3, [54, us], [50, addressBytes('10.0.0.105')]) }),
    ).toMatchObject({
      kind: 'nak',
    });
  });

  test('decideOffer() leaves a REQUEST for another server alone and takes its offer back', () => {
    decide({ options: plainOptions });
    const decision = decide({
      options: withOptions(plainOptions, 3, [54, Buffer.of(10, 0, 0, 9)]),
    });
    expect(decision).toMatchObject({ kind: 'ignored', reason: 'for-another-server' });
    expect(pool.leaseOf(nodeMac)).toBeUndefined();
  });

  test('decideOffer() answers INFORM with the network, without address and lease', () => {
    const decision = answerOf(
      decide({ ciaddr: '10.0.0.50', options: withOptions(plainOptions, 8) }),
    );
    expect(decision).toMatchObject({
      kind: 'ack',
      address: undefined,
      destination: { address: '10.0.0.50' },
    });
    expect(decision.reply.options.has(51)).toBe(false);
    expect(decision.reply.options.has(1)).toBe(true);
  });

  test('decideOffer() frees what is released and shuns what is declined', () => {
    const { address = '' } = answerOf(decide({ options: plainOptions }));
    decide({ options: withOptions(plainOptions, 3, [54, us], [50, addressBytes(address)]) });
    expect(decide({ ciaddr: address, options: withOptions(plainOptions, 7) })).toMatchObject({
      reason: 'released',
    });
    expect(pool.leaseOf(nodeMac)).toBeUndefined();

    const again = answerOf(decide({ options: plainOptions })).address ?? '';
    expect(again).toBe(address);
    expect(
      decide({ options: withOptions(plainOptions, 4, [50, addressBytes(again)]) }),
    ).toMatchObject({ reason: 'declined' });
    expect(answerOf(decide({ options: plainOptions })).address).not.toBe(address);
  });

  test.each<[string, PacketFields, string]>([
    ['a relayed DISCOVER', { giaddr: '10.9.0.1', options: biosOptions }, 'relayed'],
    ['a REQUEST without an address', { options: withOptions(plainOptions, 3) }, 'wrong-message'],
    [
      'a server identifier of three bytes and no address',
      { options: withOptions(plainOptions, 3, [54, Buffer.of(1, 2, 3)]) },
      'wrong-message',
    ],
    ["an OFFER, which is no client's", { options: withOptions(plainOptions, 2) }, 'wrong-message'],
  ])('decideOffer() ignores %s', (_, fields, reason) => {
    expect(decide(fields)).toMatchObject({ kind: 'ignored', reason });
  });
});

describe('LeasePool', () => {
  const macOf = (index: number): string =>
    `52:54:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;

  test('LeasePool.offer() gives every address once, and never a reserved one', () => {
    const small = new LeasePool({ first: '10.0.0.1', last: '10.0.0.8' }, ['10.0.0.1'], 600);
    const given = Array.from({ length: 7 }, (_, index) => {
      const address = small.offer(macOf(index), undefined, 0) ?? '';
      expect(small.bind(macOf(index), address, 0)).toBe(true);
      return address;
    });
    expect(new Set(given).size).toBe(7);
    expect(given).not.toContain('10.0.0.1');
    expect(small.offer(macOf(99), undefined, 0)).toBeUndefined();
    expect(small.offer(macOf(99), undefined, 600_001)).toBeDefined();
  });

  test('LeasePool.offer() takes a flood of made-up nodes without shutting a real one out', () => {
    for (let index = 0; index < 5000; index += 1) pool.offer(macOf(index), undefined, index);
    const address = pool.offer(nodeMac, undefined, 5000) ?? '';
    for (let index = 5000; index < 10_000; index += 1) pool.offer(macOf(index), undefined, index);
    expect(pool.bind(nodeMac, address, 10_000)).toBe(true);
    for (let index = 0; index < 5000; index += 1)
      pool.offer(macOf(index), undefined, 10_000 + index);
    expect(pool.leaseOf(nodeMac)).toMatchObject({ address, state: 'bound' });
  });

  test('LeasePool.offer() gives a node the same address in a new pool', () => {
    const fresh = new LeasePool({ first: '10.0.0.100', last: '10.0.0.109' }, [server], 600);
    expect(fresh.offer(nodeMac, undefined, 0)).toBe(pool.offer(nodeMac, undefined, 0));
  });

  test('LeasePool.decline() shuns the address for ten minutes, for everybody', () => {
    pool.bind(nodeMac, '10.0.0.100', 0);
    expect(pool.decline(nodeMac, '10.0.0.100', 0)).toBe(true);
    expect(pool.bind(nodeMac, '10.0.0.100', 1000)).toBe(false);
    expect(pool.bind(macOf(1), '10.0.0.100', 599_999)).toBe(false);
    expect(pool.bind(macOf(1), '10.0.0.100', 600_001)).toBe(true);
  });

  test("LeasePool.decline() of an address that is not the node's changes nothing", () => {
    pool.bind(macOf(1), '10.0.0.100', 0);
    expect(pool.decline(nodeMac, '10.0.0.100', 0)).toBe(false);
    expect(pool.leaseOf(macOf(1))).toMatchObject({ state: 'bound' });
  });
});
