/** UDP sockets with options that Node does not know (socket(7), ip(7)). */
import { ipv4Bytes } from '../core/ipv4.js';
import { libcCall, systemError } from './libc.js';

const AF_INET = 2;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const OPTIONS = { SO_BROADCAST: 6, SO_RCVBUF: 8, SO_BINDTODEVICE: 25 } as const;

const openSocket = libcCall('int socket(int domain, int type, int protocol)') as (
  domain: number,
  type: number,
  protocol: number,
) => number;
const setsockopt = libcCall(
  'int setsockopt(int descriptor, int level, int option, uint8_t *value, uint32_t size)',
) as (descriptor: number, level: number, option: number, value: Buffer, size: number) => number;
const bind = libcCall('int bind(int descriptor, uint8_t *address, uint32_t size)') as (
  descriptor: number,
  address: Buffer,
  size: number,
) => number;
const close = libcCall('int close(int descriptor)') as (descriptor: number) => number;

/** By name; a number goes as an int, text as a string of C. */
export type SocketOptions = Partial<Record<keyof typeof OPTIONS, number | string>>;

/**
 * An IPv4 UDP socket, bound.
 *
 * @param address Dotted; `0.0.0.0` for any.
 * @param port 0: any free one.
 * @returns its descriptor, for dgram to take over
 * @throws an error of the system: its code is that of the call that failed
 */
export function bindUdp(address: string, port: number, options: SocketOptions): number {
  const descriptor = openSocket(AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  if (descriptor < 0) throw systemError('socket');
  try {
    for (const [name, value] of Object.entries(options)) {
      const bytes = typeof value === 'number' ? int32(value) : Buffer.from(`${value}\0`);
      const option = OPTIONS[name as keyof typeof OPTIONS];
      if (setsockopt(descriptor, SOL_SOCKET, option, bytes, bytes.length) !== 0) {
        throw systemError(`setsockopt ${name}`);
      }
    }
    const bytes = socketAddress(address, port);
    if (bind(descriptor, bytes, bytes.length) !== 0) throw systemError('bind');
  } catch (error) {
    close(descriptor);
    throw error;
  }
  return descriptor;
}

/** sockaddr_in: family u16 | port u16, big-endian | address | 8 unused bytes. */
function socketAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  ipv4Bytes(address).copy(bytes, 4);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
