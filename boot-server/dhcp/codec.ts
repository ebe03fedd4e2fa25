/**
 * DHCP messages as bytes (RFC 2131, section 2): two pure functions.
 *
 *   0  op(1) htype(1) hlen(1) hops(1)     28  chaddr(16)
 *   4  xid(4)                             44  sname(64)
 *   8  secs(2) flags(2)                  108  file(128)
 *  12  ciaddr(4) yiaddr(4)               236  cookie 63 82 53 63
 *  20  siaddr(4) giaddr(4)               240  options: code(1) length(1) value …
 *
 * Options may run on in `file` and `sname` (option 52), and an option that occurs more than once is
 * one value cut in pieces (RFC 3396).
 */
import { formatIpv4, ipv4Bytes } from '../../src/core/ipv4.js';
import { OPTION } from './constants.js';

export interface DhcpMessage {
  readonly op: number;
  readonly hardwareType: number;
  readonly hops: number;
  readonly transaction: number;
  readonly seconds: number;
  readonly flags: number;
  readonly clientAddress: string;
  readonly yourAddress: string;
  readonly serverAddress: string;
  readonly relayAddress: string;
  /** `hlen` bytes, 0 to 16. */
  readonly hardwareAddress: Buffer;
  readonly serverName: string;
  readonly bootFile: string;
  /** By code, in the order sent; values joined from all their pieces. Never holds pad, end or overload. */
  readonly options: ReadonlyMap<number, Buffer>;
}

/** Not a DHCP message, with the reason in words. */
export interface Malformed {
  readonly malformed: string;
}

const HEADER_BYTES = 240;
const COOKIE = 0x63825363;
const FIELD = { sname: { start: 44, bytes: 64 }, file: { start: 108, bytes: 128 } } as const;
/** Longest text in `file`: it must end in a NUL. */
export const BOOT_FILE_BYTES = FIELD.file.bytes - 1;
/** BOOTP relays and old ROMs drop anything shorter (RFC 1542, section 2.1). */
const SHORTEST_REPLY = 300;
const OVERLOAD = { file: 1, sname: 2 } as const;

/** @returns the message, or why the bytes are none */
export function decodeDhcp(bytes: Buffer): DhcpMessage | Malformed {
  if (bytes.length < HEADER_BYTES)
    return { malformed: `${String(bytes.length)} bytes are too few` };
  if (bytes.readUInt32BE(236) !== COOKIE) return { malformed: 'no DHCP cookie' };
  const hardwareBytes = bytes.readUInt8(2);
  if (hardwareBytes > 16)
    return { malformed: `hardware address of ${String(hardwareBytes)} bytes` };

  const pieces: OptionPiece[] = [];
  const problem = readOptions(bytes.subarray(HEADER_BYTES), pieces);
  if (problem) return { malformed: problem };
  const overload = pieces.find((piece) => piece.code === OPTION.overload)?.value[0] ?? 0;
  const overloaded = [
    ...(overload & OVERLOAD.file ? [FIELD.file] : []),
    ...(overload & OVERLOAD.sname ? [FIELD.sname] : []),
  ];
  for (const field of overloaded) {
    const fieldProblem = readOptions(cut(bytes, field), pieces);
    if (fieldProblem) return { malformed: fieldProblem };
  }
  return {
    op: bytes.readUInt8(0),
    hardwareType: bytes.readUInt8(1),
    hops: bytes.readUInt8(3),
    transaction: bytes.readUInt32BE(4),
    seconds: bytes.readUInt16BE(8),
    flags: bytes.readUInt16BE(10),
    clientAddress: formatIpv4(bytes.readUInt32BE(12)),
    yourAddress: formatIpv4(bytes.readUInt32BE(16)),
    serverAddress: formatIpv4(bytes.readUInt32BE(20)),
    relayAddress: formatIpv4(bytes.readUInt32BE(24)),
    hardwareAddress: Buffer.from(bytes.subarray(28, 28 + hardwareBytes)),
    serverName: overload & OVERLOAD.sname ? '' : text(cut(bytes, FIELD.sname)),
    bootFile: overload & OVERLOAD.file ? '' : text(cut(bytes, FIELD.file)),
    options: join(pieces),
  };
}

/** Options keep the order of the map, so that 53 and 54 can stand first. Names that do not fit their field are left out of it. */
export function encodeDhcp(message: DhcpMessage): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(message.op, 0);
  header.writeUInt8(message.hardwareType, 1);
  header.writeUInt8(message.hardwareAddress.length, 2);
  header.writeUInt8(message.hops, 3);
  header.writeUInt32BE(message.transaction, 4);
  header.writeUInt16BE(message.seconds, 8);
  header.writeUInt16BE(message.flags, 10);
  ipv4Bytes(message.clientAddress).copy(header, 12);
  ipv4Bytes(message.yourAddress).copy(header, 16);
  ipv4Bytes(message.serverAddress).copy(header, 20);
  ipv4Bytes(message.relayAddress).copy(header, 24);
  message.hardwareAddress.copy(header, 28);
  writeText(header, FIELD.sname, message.serverName);
  writeText(header, FIELD.file, message.bootFile);
  header.writeUInt32BE(COOKIE, 236);

  const options = [...message.options].map(([code, value]) => encodeOption(code, value));
  const packet = Buffer.concat([header, ...options, Buffer.of(OPTION.end)]);
  const padding = Buffer.alloc(Math.max(0, SHORTEST_REPLY - packet.length));
  return Buffer.concat([packet, padding]);
}

interface OptionPiece {
  readonly code: number;
  readonly value: Buffer;
}

/** Appends to `pieces`; an absent end mark is forgiven. @returns a problem, or undefined */
function readOptions(area: Buffer, pieces: OptionPiece[]): string | undefined {
  let offset = 0;
  while (offset < area.length) {
    const code = area.readUInt8(offset);
    offset += 1;
    if (code === OPTION.end) return undefined;
    if (code === OPTION.pad) continue;
    if (offset === area.length) return `option ${String(code)} has no length`;
    const end = offset + 1 + area.readUInt8(offset);
    if (end > area.length) return `option ${String(code)} runs past the end`;
    pieces.push({ code, value: area.subarray(offset + 1, end) });
    offset = end;
  }
  return undefined;
}

function join(pieces: readonly OptionPiece[]): Map<number, Buffer> {
  const values = new Map<number, Buffer[]>();
  for (const { code, value } of pieces) {
    if (code === OPTION.overload) continue;
    const parts = values.get(code);
    if (parts) parts.push(value);
    else values.set(code, [value]);
  }
  return new Map([...values].map(([code, parts]) => [code, Buffer.concat(parts)]));
}

function encodeOption(code: number, value: Buffer): Buffer {
  if (value.length === 0) return Buffer.of(code, 0);
  const pieces: Buffer[] = [];
  for (let offset = 0; offset < value.length; offset += 255) {
    const piece = value.subarray(offset, offset + 255);
    pieces.push(Buffer.of(code, piece.length), piece);
  }
  return Buffer.concat(pieces);
}

function cut(bytes: Buffer, field: { readonly start: number; readonly bytes: number }): Buffer {
  return bytes.subarray(field.start, field.start + field.bytes);
}

/** Up to the first NUL; bytes stay apart (latin1), whatever a client sends. */
function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? field.length : end);
}

function writeText(
  header: Buffer,
  field: { readonly start: number; readonly bytes: number },
  value: string,
): void {
  if (value.length < field.bytes) header.write(value, field.start, 'latin1');
}

/** Texts in options are bytes; RFC 2132 has them in ASCII. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
