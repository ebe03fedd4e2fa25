/**
 * TFTP packets (RFC 1350; options: RFC 2347), two pure functions.
 *
 *  RRQ   1  name NUL mode NUL [option NUL value NUL]…      ACK    4  block(2)
 *  WRQ   2  likewise                                       ERROR  5  code(2) message NUL
 *  DATA  3  block(2) bytes                                 OACK   6  [option NUL value NUL]…
 */

export const OPCODE = { read: 1, write: 2, data: 3, ack: 4, error: 5, optionAck: 6 } as const;

export const ERROR_CODE = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  illegal: 4,
  unknownTransfer: 5,
  options: 8,
} as const;

export type TftpPacket =
  | {
      readonly type: 'read' | 'write';
      readonly name: string;
      /** Lower case. */
      readonly mode: string;
      /** Names in lower case; the first of equal names counts. */
      readonly options: ReadonlyMap<string, string>;
    }
  | { readonly type: 'data'; readonly block: number; readonly bytes: Buffer }
  | { readonly type: 'ack'; readonly block: number }
  | { readonly type: 'error'; readonly code: number; readonly message: string }
  | { readonly type: 'option-ack'; readonly options: ReadonlyMap<string, string> };

/** Not a TFTP packet, with the reason in words. */
export interface MalformedTftp {
  readonly type: 'malformed';
  readonly reason: string;
}

/** Longer requests than any firmware sends: RFC 2347 ends them at 512 bytes. */
const LONGEST_REQUEST = 512;

export function decodeTftp(bytes: Buffer): TftpPacket | MalformedTftp {
  if (bytes.length < 4) return malformed(`${String(bytes.length)} bytes are too few`);
  const opcode = bytes.readUInt16BE(0);
  switch (opcode) {
    case OPCODE.read:
    case OPCODE.write:
      return decodeRequest(opcode === OPCODE.read ? 'read' : 'write', bytes);
    case OPCODE.data:
      return { type: 'data', block: bytes.readUInt16BE(2), bytes: bytes.subarray(4) };
    case OPCODE.ack:
      return { type: 'ack', block: bytes.readUInt16BE(2) };
    case OPCODE.error: {
      const end = bytes.indexOf(0, 4);
      const message = bytes.toString('latin1', 4, end === -1 ? bytes.length : end);
      return { type: 'error', code: bytes.readUInt16BE(2), message };
    }
    case OPCODE.optionAck: {
      const words = readWords(bytes);
      return words
        ? { type: 'option-ack', options: pair(words) }
        : malformed('a text without its NUL');
    }
    default:
      return malformed(`operation ${String(opcode)} does not exist`);
  }
}

export function encodeTftp(packet: TftpPacket): Buffer {
  switch (packet.type) {
    case 'read':
    case 'write':
      return Buffer.concat([
        uint16(packet.type === 'read' ? OPCODE.read : OPCODE.write),
        writeWords([packet.name, packet.mode, ...[...packet.options].flat()]),
      ]);
    case 'data':
      return Buffer.concat([uint16(OPCODE.data), uint16(packet.block), packet.bytes]);
    case 'ack':
      return Buffer.concat([uint16(OPCODE.ack), uint16(packet.block)]);
    case 'error':
      return Buffer.concat([
        uint16(OPCODE.error),
        uint16(packet.code),
        writeWords([packet.message]),
      ]);
    case 'option-ack':
      return Buffer.concat([uint16(OPCODE.optionAck), writeWords([...packet.options].flat())]);
  }
}

function decodeRequest(type: 'read' | 'write', bytes: Buffer): TftpPacket | MalformedTftp {
  if (bytes.length > LONGEST_REQUEST)
    return malformed(`a request of ${String(bytes.length)} bytes`);
  const words = readWords(bytes);
  if (words === undefined) return malformed('a text without its NUL');
  const [name, mode, ...options] = words;
  if (!name || mode === undefined) return malformed('a request without name or mode');
  return { type, name, mode: mode.toLowerCase(), options: pair(options) };
}

/** NUL-ended texts after the opcode; undefined when the last one has no NUL. */
function readWords(bytes: Buffer): string[] | undefined {
  if (bytes.length === 2) return [];
  if (bytes[bytes.length - 1] !== 0) return undefined;
  return bytes.toString('latin1', 2, bytes.length - 1).split('\0');
}

function pair(words: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (let index = 0; index + 1 < words.length; index += 2) {
    const name = (words[index] ?? '').toLowerCase();
    if (!options.has(name)) options.set(name, words[index + 1] ?? '');
  }
  return options;
}

function writeWords(words: readonly string[]): Buffer {
  return Buffer.concat(words.map((word) => Buffer.from(`${word}\0`, 'latin1')));
}

function uint16(value: number): Buffer {
  return Buffer.of((value >> 8) & 255, value & 255);
}

function malformed(reason: string): MalformedTftp {
  return { type: 'malformed', reason };
}
