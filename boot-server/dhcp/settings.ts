/** Checks the settings of full DHCP against the NIC and fills in what is left out. Pure. */
import { EXIT, OnibError, OnibErrors } from '../../src/core/errors.js';
import type { NicAddress } from '../host/nic.js';
import { isInSubnet, parseIpv4 } from '../../src/core/ipv4.js';
import type { FullDhcpOptions } from '../options.js';
import type { NetworkSettings } from './lease-offer.js';
import type { AddressRange } from './leases.js';

export interface FullDhcpSettings {
  readonly range: AddressRange;
  /** Addresses that are never given out. */
  readonly reserved: readonly string[];
  readonly network: NetworkSettings;
}

const DEFAULT_LEASE_SECONDS = 3600;
const SHORTEST_LEASE_SECONDS = 60;
/** A /16; every address costs memory once it is given out. */
const LARGEST_RANGE = 65536;

/** @throws OnibErrors with every problem */
export function settleFullDhcp(options: FullDhcpOptions, nic: NicAddress): FullDhcpSettings {
  const netmask = options.netmask ?? nic.netmask;
  const problems = findProblems(options, nic, netmask);
  if (problems.length > 0) throw new OnibErrors(problems);
  const { router, nameservers, domain } = options;
  return {
    range: options.range,
    reserved: [nic.address, ...(router === undefined ? [] : [router])],
    network: {
      netmask,
      leaseSeconds: options.leaseSeconds ?? DEFAULT_LEASE_SECONDS,
      ...(router === undefined ? {} : { router }),
      ...(nameservers === undefined ? {} : { nameservers }),
      ...(domain === undefined ? {} : { domain }),
    },
  };
}

function findProblems(options: FullDhcpOptions, nic: NicAddress, netmask: string): OnibError[] {
  const problems: OnibError[] = [];
  const report = (which: string, what: string): void => {
    problems.push(
      new OnibError('DHCP_SETTINGS', `Cannot give out addresses "${which}": ${what}`, {
        exitCode: EXIT.usage,
      }),
    );
  };
  const mask = parseIpv4(netmask);
  const { first, last } = options.range;
  const [firstNumber, lastNumber] = [parseIpv4(first), parseIpv4(last)];
  if (mask === undefined || !isContiguous(mask)) report(netmask, 'not a netmask');
  if (firstNumber === undefined || lastNumber === undefined) {
    report(`${first}-${last}`, 'not two IPv4 addresses');
  } else if (firstNumber > lastNumber) {
    report(`${first}-${last}`, 'the last address stands before the first');
  } else if (lastNumber - firstNumber >= LARGEST_RANGE) {
    report(`${first}-${last}`, `more than ${String(LARGEST_RANGE)} addresses`);
  } else if (
    mask !== undefined &&
    ![firstNumber, lastNumber].every((end) => isHost(end, nic, mask))
  ) {
    report(
      `${first}-${last}`,
      `not host addresses of the NIC's network, ${nic.address}/${netmask}`,
    );
  }
  for (const address of [options.router, ...(options.nameservers ?? [])]) {
    if (address !== undefined && parseIpv4(address) === undefined)
      report(address, 'not an IPv4 address');
  }
  if (
    options.domain !== undefined &&
    !/^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(options.domain)
  ) {
    report(options.domain, 'not a domain name');
  }
  const lease = options.leaseSeconds ?? DEFAULT_LEASE_SECONDS;
  if (!Number.isInteger(lease) || lease < SHORTEST_LEASE_SECONDS || lease > 0x7fffffff) {
    report(`${String(lease)} s`, `a lease lasts ${String(SHORTEST_LEASE_SECONDS)} seconds or more`);
  }
  return problems;
}

function isContiguous(mask: number): boolean {
  const inverted = ~mask >>> 0;
  return mask !== 0 && (inverted & (inverted + 1)) === 0;
}

/** Neither the network's own address nor its broadcast address. */
function isHost(address: number, nic: NicAddress, mask: number): boolean {
  const host = (address & ~mask) >>> 0;
  return (
    isInSubnet(address, parseIpv4(nic.address) ?? 0, mask) && host !== 0 && host !== ~mask >>> 0
  );
}
