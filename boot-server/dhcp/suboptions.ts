/** Values that have an inner structure: options 43 and 175 (sub-options), 77 (user class), 93, 97. Pure. */
import { OPTION } from './constants.js';

/** Sub-options as `code length value`; 0 pads, 255 ends. What runs past the end is left out. */
export function decodeSuboptions(value: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  let offset = 0;
  while (offset < value.length) {
    const code = value.readUInt8(offset);
    offset += 1;
    if (code === OPTION.end) break;
    if (code === OPTION.pad) continue;
    if (offset === value.length) break;
    const end = offset + 1 + value.readUInt8(offset);
    if (end > value.length) break;
    found.set(code, value.subarray(offset + 1, end));
    offset = end;
  }
  return found;
}

/** @param options values of at most 255 bytes */
export function encodeSuboptions(options: ReadonlyMap<number, Buffer>): Buffer {
  const parts = [...options].flatMap(([code, value]) => [Buffer.of(code, value.length), value]);
  return Buffer.concat([...parts, Buffer.of(OPTION.end)]);
}

/** iPXE reads option 175 without an end mark too, and does not want one (RFC 2132, section 8.4 allows both). */
export function encodeIpxeOptions(options: ReadonlyMap<number, Buffer>): Buffer {
  return encodeSuboptions(options).subarray(0, -1);
}

/**
 * User classes of option 77: length-prefixed strings (RFC 3004), or the raw text that iPXE and
 * others send. A value whose lengths add up exactly is taken for the former.
 */
export function decodeUserClass(value: Buffer): string[] {
  const classes: string[] = [];
  let offset = 0;
  while (offset < value.length) {
    const end = offset + 1 + value.readUInt8(offset);
    if (end > value.length || end === offset + 1) return [value.toString('latin1')];
    classes.push(value.toString('latin1', offset + 1, end));
    offset = end;
  }
  return classes;
}

/** Option 93: 16-bit numbers; an odd byte at the end is left out. */
export function decodeUint16List(value: Buffer): number[] {
  const count = Math.floor(value.length / 2);
  return Array.from({ length: count }, (_, index) => value.readUInt16BE(index * 2));
}

/**
 * Option 97: type byte 0 and 16 bytes (RFC 4578, section 2.3), as text in the order of the bytes.
 * Undefined for any other form and for the all-zero UUID, which boards without one all share.
 */
export function decodeUuid(value: Buffer): string | undefined {
  if (value.length !== 17 || value.readUInt8(0) !== 0) return undefined;
  const hex = value.toString('hex', 1);
  if (/^0+$/.test(hex)) return undefined;
  return [8, 12, 16, 20, 32]
    .map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end))
    .join('-');
}
