/**
 * The addresses of full DHCP: who has which, until when. No clock and no socket; every call takes
 * the time.
 *
 * A node is its MAC. The client identifier (option 61) is left aside on purpose: the PXE ROM, iPXE, the
 * initrd and the booted system each send another one, and a node would take four addresses to boot.
 */
import { formatIpv4, parseIpv4 } from '../../src/core/ipv4.js';

export interface AddressRange {
  /** First and last address, both given out. */
  readonly first: string;
  readonly last: string;
}

export interface Lease {
  readonly address: string;
  readonly mac: string;
  /** Milliseconds, the caller's clock. */
  readonly expires: number;
  /** `offered`: named in an OFFER, not yet asked for. `declined`: in use by a stranger. */
  readonly state: 'offered' | 'bound' | 'declined';
}

/** EDK2 collects offers for four seconds before it asks for one. */
const OFFER_SECONDS = 30;
const DECLINED_SECONDS = 600;

export class LeasePool {
  readonly #first: number;
  readonly #count: number;
  readonly #reserved: ReadonlySet<string>;
  readonly #leaseMs: number;
  readonly #byAddress = new Map<string, Lease>();
  readonly #byMac = new Map<string, Lease>();

  /** @param reserved addresses in the range that are never given out: the server's own, the router's */
  constructor(range: AddressRange, reserved: readonly string[], leaseSeconds: number) {
    this.#first = parseIpv4(range.first) ?? 0;
    this.#count = (parseIpv4(range.last) ?? 0) - this.#first + 1;
    this.#reserved = new Set(reserved);
    this.#leaseMs = leaseSeconds * 1000;
  }

  /**
   * An address for a DISCOVER: the node's own again, else the one it wishes for, else one that its MAC
   * points to, so that a restarted server tends to give the same. Undefined: all are taken.
   */
  offer(mac: string, wish: string | undefined, now: number): string | undefined {
    const own = this.#byMac.get(mac);
    if (own?.state === 'bound' && own.expires > now) return own.address;
    const address = this.#choose(mac, own?.address, wish, now);
    if (address === undefined) return undefined;
    this.#store({ address, mac, expires: now + OFFER_SECONDS * 1000, state: 'offered' });
    return address;
  }

  /** Binds the address to the node; false when it may not have it. An offer alone holds nothing against a REQUEST. */
  bind(mac: string, address: string, now: number): boolean {
    if (!this.contains(address)) return false;
    const holder = this.#byAddress.get(address);
    const isFree = holder === undefined || holder.mac === mac || !isHeld(holder, now);
    if (!isFree || (holder?.state === 'declined' && holder.expires > now)) return false;
    this.#store({ address, mac, expires: now + this.#leaseMs, state: 'bound' });
    return true;
  }

  /** The node gives its address back. */
  release(mac: string, address: string): void {
    const lease = this.#byMac.get(mac);
    if (lease?.address === address) this.#forget(lease);
  }

  /** The node found a stranger on the address it was given: nobody gets it for ten minutes. */
  decline(mac: string, address: string, now: number): boolean {
    const lease = this.#byMac.get(mac);
    if (lease?.address !== address) return false;
    this.#forget(lease);
    this.#byAddress.set(address, {
      address,
      mac,
      expires: now + DECLINED_SECONDS * 1000,
      state: 'declined',
    });
    return true;
  }

  contains(address: string): boolean {
    const offset = (parseIpv4(address) ?? -1) - this.#first;
    return offset >= 0 && offset < this.#count && !this.#reserved.has(address);
  }

  /** The node's lease, also one that is only offered or has run out. */
  leaseOf(mac: string): Lease | undefined {
    return this.#byMac.get(mac);
  }

  #choose(
    mac: string,
    own: string | undefined,
    wish: string | undefined,
    now: number,
  ): string | undefined {
    for (const candidate of [own, wish]) {
      if (candidate !== undefined && this.#isFree(candidate, mac, now)) return candidate;
    }
    return (
      this.#findUnused(mac) ??
      this.#oldest((lease) => !isHeld(lease, now) && lease.expires <= now) ??
      // A flood of DISCOVERs from made-up addresses must not shut real nodes out.
      this.#oldest((lease) => lease.state === 'offered')
    );
  }

  #findUnused(mac: string): string | undefined {
    if (this.#byAddress.size >= this.#count) return undefined;
    const start = hash(mac) % this.#count;
    for (let step = 0; step < this.#count; step += 1) {
      const address = formatIpv4(this.#first + ((start + step) % this.#count));
      if (!this.#byAddress.has(address) && !this.#reserved.has(address)) return address;
    }
    return undefined;
  }

  /** Maps keep the order in which leases were stored: the first match is the oldest. */
  #oldest(matches: (lease: Lease) => boolean): string | undefined {
    for (const lease of this.#byAddress.values()) if (matches(lease)) return lease.address;
    return undefined;
  }

  #isFree(address: string, mac: string, now: number): boolean {
    if (!this.contains(address)) return false;
    const holder = this.#byAddress.get(address);
    return (
      holder === undefined ||
      holder.expires <= now ||
      (holder.mac === mac && holder.state !== 'declined')
    );
  }

  #store(lease: Lease): void {
    const previous = this.#byMac.get(lease.mac);
    if (previous) this.#forget(previous);
    const evicted = this.#byAddress.get(lease.address);
    if (evicted) this.#forget(evicted);
    this.#byAddress.set(lease.address, lease);
    this.#byMac.set(lease.mac, lease);
  }

  #forget(lease: Lease): void {
    if (this.#byAddress.get(lease.address) === lease) this.#byAddress.delete(lease.address);
    if (this.#byMac.get(lease.mac) === lease) this.#byMac.delete(lease.mac);
  }
}

function isHeld(lease: Lease, now: number): boolean {
  return lease.state === 'bound' && lease.expires > now;
}

/** FNV-1a, 32 bits: spreads MACs of one vendor, which differ in the last digits only. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return value >>> 0;
}
