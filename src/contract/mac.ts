/** MAC addresses: one spelling inside (lower case, colons), the four that the world writes accepted. */

const spellings = [
  /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, // 52:54:00:12:34:56
  /^[0-9a-f]{2}(-[0-9a-f]{2}){5}$/, // 52-54-00-12-34-56
  /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/, // 5254.0012.3456
  /^[0-9a-f]{12}$/, // 525400123456
];

/** The address in lower case with colons, or undefined when the text is no unicast MAC address. */
export function parseMac(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (!spellings.some((spelling) => spelling.test(lower))) return undefined;
  const bytes = Buffer.from(lower.replaceAll(/[^0-9a-f]/g, ''), 'hex');
  return isUnicast(bytes) ? macFromBytes(bytes) : undefined;
}

/** @param bytes six bytes */
export function macFromBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** A node's own address is neither a group address (lowest bit of the first byte) nor all zero. */
export function isUnicast(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 1) & 1) === 0 && bytes.some((byte) => byte !== 0);
}

/** As PXELINUX and initramfs-tools write it: hardware type 01, hyphens. */
export function bootInterfaceWord(mac: string): string {
  return `01-${mac.replaceAll(':', '-')}`;
}
