/**
 * UDP sockets bound to one NIC (SO_BINDTODEVICE, socket(7)). Node has no call for it: the socket is made
 * and bound through libc and handed to dgram as a descriptor.
 *
 * Bound to the device, a socket on 0.0.0.0 hears that NIC's broadcasts alone and sends its own there,
 * with the NIC's address as source, even where no route says so.
 */
import { createSocket, type Socket } from 'node:dgram';
import { EXIT, OnibError } from '../../src/core/errors.js';
import { bindUdp } from '../../src/native/socket.js';

export interface DeviceSocketOptions {
  /** NIC name; undefined: not bound to one. */
  readonly device: string | undefined;
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
}

/** A burst of DISCOVERs when a rack gets power must fit. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** @throws OnibError PORT_DENIED, PORT_IN_USE, SOCKET_FAILED */
export async function openDeviceSocket(options: DeviceSocketOptions): Promise<Socket> {
  const { device, address, port } = options;
  let descriptor: number;
  try {
    descriptor = bindUdp(address, port, {
      SO_BROADCAST: 1,
      // No SO_REUSEADDR: sockets of other NICs do not clash anyway, and a second server on this one must.
      ...(port === 0 ? {} : { SO_RCVBUF: RECEIVE_BUFFER }),
      ...(device === undefined ? {} : { SO_BINDTODEVICE: device }),
    });
  } catch (error) {
    throw failure(options, error as NodeJS.ErrnoException);
  }
  return await adopt(descriptor);
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

function failure(
  { address, port, device }: DeviceSocketOptions,
  cause: NodeJS.ErrnoException,
): OnibError {
  const which = `${address}:${String(port)}/udp`;
  const place = device === undefined ? '' : ` on ${device}`;
  switch (cause.code) {
    case 'EACCES':
    case 'EPERM':
      return new OnibError('PORT_DENIED', `Cannot listen on "${which}"${place}: only root may`, {
        hint: 'start it with sudo',
        exitCode: EXIT.hostLacks,
      });
    case 'EADDRINUSE':
      return new OnibError(
        'PORT_IN_USE',
        `Cannot listen on "${which}"${place}: another program has the port`,
        {
          hint: `ss -lunp 'sport = :${String(port)}' names it`,
          exitCode: EXIT.hostLacks,
        },
      );
    default:
      return new OnibError(
        'SOCKET_FAILED',
        `Cannot open a socket on "${which}"${place}: ${cause.message}`,
        { cause },
      );
  }
}
