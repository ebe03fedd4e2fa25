/** The NIC that the server works on, and what is configured on it. */
import { readFileSync } from 'node:fs';
import { didYouMean } from '../../src/core/did-you-mean.js';
import { EXIT, OnibError } from '../../src/core/errors.js';
import { readNicState } from '../../src/native/nic.js';
import type { WarningEvent } from '../events.js';

export interface NicAddress {
  readonly address: string;
  readonly netmask: string;
}

export interface Nic extends NicAddress {
  /** False: no cable, or nothing at its other end that is switched on. */
  readonly hasLink: boolean;
}

/** @throws OnibError INTERFACE_UNKNOWN, INTERFACE_DOWN, INTERFACE_NO_ADDRESS */
export function readNic(name: string): Nic {
  const state = readNicState(name);
  const refusal = (code: string, what: string, hint: string): OnibError =>
    new OnibError(code, `Cannot serve on "${name}": ${what}`, { hint, exitCode: EXIT.hostLacks });
  if (state === undefined) {
    const others = nicNames();
    const near = didYouMean(name, others);
    throw refusal(
      'INTERFACE_UNKNOWN',
      'this machine has no such network interface',
      near ?? (others.length === 0 ? 'ip link' : `it has ${others.join(', ')}`),
    );
  }
  if (!state.up) {
    throw refusal('INTERFACE_DOWN', 'it is switched off', `ip link set ${name} up`);
  }
  if (state.ipv4 === undefined) {
    throw refusal(
      'INTERFACE_NO_ADDRESS',
      'it has no IPv4 address',
      `ip address add 192.168.100.1/24 dev ${name}`,
    );
  }
  return { ...state.ipv4, hasLink: state.running };
}

/** A server may start before the machines at its cable: that is no error. */
export function noLinkWarning(name: string): WarningEvent {
  return {
    type: 'warning',
    code: 'INTERFACE_NO_LINK',
    message: `Cannot reach a node yet: "${name}" has no link`,
    hint: 'look at the cable, the switch port, and whether the machine at the other end is on',
  };
}

/** All but loopback, in the network namespace of this process (proc(5), /proc/net/dev). */
function nicNames(): string[] {
  const rows = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2);
  const names = rows.map((row) => row.slice(0, row.lastIndexOf(':')).trim());
  return names.filter((name) => name !== '' && name !== 'lo');
}
