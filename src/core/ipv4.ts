/** IPv4 addresses as text and as unsigned 32-bit numbers. */

/** The number, or undefined when the text is not four decimal bytes. */
export function parseIpv4(text: string): number | undefined {
  if (!/^(\d{1,3})(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

export function formatIpv4(number: number): string {
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.');
}

/** Four bytes in network order. */
export function ipv4Bytes(text: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(parseIpv4(text) ?? 0);
  return bytes;
}

export function ipv4FromBytes(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 4)).join('.');
}

export function isInSubnet(address: number, member: number, netmask: number): boolean {
  return (address & netmask) === (member & netmask);
}

/** Last address of the subnet. */
export function broadcastAddress(member: number, netmask: number): number {
  return (member | ~netmask) >>> 0;
}

/** `::ffff:10.0.0.1` (an IPv4 peer on a dual-stack socket) as `10.0.0.1`. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}
