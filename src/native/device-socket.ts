/**
 * UDP sockets bound to one NIC (SO_BINDTODEVICE, socket(7)). Node has no call for it: the socket is made
 * and bound through libc and handed to dgram as a descriptor.
 *
 * Bound to the device, a socket on 0.0.0.0 hears that NIC's broadcasts alone and sends its own there,
 * with the NIC's address as source, even where no route says so.
 */
import { createSocket, type Socket } from 'node:dgram';
import { getSystemErrorMap } from 'node:util';
import koffi from 'koffi';
import { EXIT, OnibError } from '../core/errors.js';
import { ipv4Bytes } from '../core/ipv4.js';

export interface DeviceSocketOptions {
  /** NIC name; undefined: not bound to one. */
  readonly device: string | undefined;
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
}

const AF_INET = 2;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_BROADCAST = 6;
const SO_RCVBUF = 8;
const SO_BINDTODEVICE = 25;
/** A burst of DISCOVERs when a rack gets power must fit. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

type SocketCall = (domain: number, type: number, protocol: number) => number;
type SetOptionCall = (
  fd: number,
  level: number,
  option: number,
  value: Buffer,
  size: number,
) => number;
type BindCall = (fd: number, address: Buffer, size: number) => number;
type CloseCall = (fd: number) => number;

const libc = koffi.load('libc.so.6');
const call = {
  socket: libc.func('int socket(int, int, int)') as SocketCall,
  setsockopt: libc.func('int setsockopt(int, int, int, const void *, uint32_t)') as SetOptionCall,
  bind: libc.func('int bind(int, const void *, uint32_t)') as BindCall,
  close: libc.func('int close(int)') as CloseCall,
};

/** @throws OnibError PORT_DENIED, PORT_IN_USE, SOCKET_FAILED */
export async function openDeviceSocket(options: DeviceSocketOptions): Promise<Socket> {
  const fd = call.socket(AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) throw failure(options);
  try {
    configure(fd, options);
  } catch (error) {
    call.close(fd);
    throw error;
  }
  return adopt(fd);
}

function configure(fd: number, options: DeviceSocketOptions): void {
  const set = (option: number, value: Buffer): void => {
    if (call.setsockopt(fd, SOL_SOCKET, option, value, value.length) !== 0) throw failure(options);
  };
  set(SO_BROADCAST, int32(1));
  if (options.port !== 0) {
    // No SO_REUSEADDR: sockets of other NICs do not clash anyway, and a second server on this one must.
    set(SO_RCVBUF, int32(RECEIVE_BUFFER));
  }
  if (options.device !== undefined) set(SO_BINDTODEVICE, Buffer.from(`${options.device}\0`));
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(options.port, 2);
  ipv4Bytes(options.address).copy(address, 4);
  if (call.bind(fd, address, address.length) !== 0) throw failure(options);
}

function adopt(fd: number): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ fd }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function failure({ address, port, device }: DeviceSocketOptions): OnibError {
  const [name, words] = getSystemErrorMap().get(-koffi.errno()) ?? ['UNKNOWN', 'unknown error'];
  const which = `${address}:${String(port)}/udp`;
  const place = device === undefined ? '' : ` on ${device}`;
  if (name === 'EACCES' || name === 'EPERM') {
    return new OnibError('PORT_DENIED', `Cannot listen on "${which}"${place}: only root may`, {
      hint: 'start it with sudo',
      exitCode: EXIT.hostLacks,
    });
  }
  if (name === 'EADDRINUSE') {
    return new OnibError(
      'PORT_IN_USE',
      `Cannot listen on "${which}"${place}: another program has the port`,
      {
        hint: `ss -lunp 'sport = :${String(port)}' names it`,
        exitCode: EXIT.hostLacks,
      },
    );
  }
  return new OnibError('SOCKET_FAILED', `Cannot open a socket on "${which}"${place}: ${words}`);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
