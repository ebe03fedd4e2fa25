import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TftpListener, type TftpEvent } from '../../../../boot-server/tftp/listener.js';

const content = Buffer.from(Array.from({ length: 3000 }, (_, index) => index & 255));
let listener: TftpListener;
let client: Socket;
const events: TftpEvent[] = [];

async function openSocket(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

beforeEach(async () => {
  events.length = 0;
  listener = await TftpListener.open({
    openSocket,
    port: 0,
    readFile: (name) => {
      if (name === 'broken') return Promise.reject(new Error('disk on fire'));
      return Promise.resolve(name === 'undionly.kpxe' ? content : undefined);
    },
    onEvent: (event) => events.push(event),
  });
  client = await openSocket(0);
});

afterEach(() => {
  listener.close();
  client.close();
});

interface Received {
  readonly bytes: Buffer;
  readonly port: number;
}

async function receive(socket: Socket = client): Promise<Received> {
  const [bytes, from] = (await once(socket, 'message', {
    signal: AbortSignal.timeout(10_000),
  })) as [Buffer, { port: number }];
  return { bytes, port: from.port };
}

function ask(words: string, opcode = 1): Promise<Received> {
  const answer = receive();
  client.send(
    Buffer.from(`\0${String.fromCodePoint(opcode)}${words}`, 'latin1'),
    listener.port,
    '127.0.0.1',
  );
  return answer;
}

function acknowledge(block: number, port: number): Promise<Received> {
  const answer = receive();
  client.send(Buffer.of(0, 4, block >> 8, block & 255), port, '127.0.0.1');
  return answer;
}

function errorOf({ bytes }: Received): [number, string] {
  expect(bytes.readUInt16BE(0)).toBe(5);
  return [bytes.readUInt16BE(2), bytes.toString('latin1', 4, bytes.length - 1)];
}

describe('TftpListener', () => {
  test('TftpListener sends a file from a port of its own and says so', async () => {
    let answer = await ask('undionly.kpxe\0octet\0');
    const parts: Buffer[] = [];
    const transferPort = answer.port;
    expect(transferPort).not.toBe(listener.port);
    for (;;) {
      expect(answer.port).toBe(transferPort);
      parts.push(answer.bytes.subarray(4));
      const block = answer.bytes.readUInt16BE(2);
      if (answer.bytes.length < 516) {
        client.send(Buffer.of(0, 4, 0, block), transferPort, '127.0.0.1');
        break;
      }
      answer = await acknowledge(block, transferPort);
    }
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    await expect
      .poll(() => events)
      .toMatchObject([{ type: 'tftp-sent', name: 'undionly.kpxe', bytes: 3000 }]);
  });

  test('TftpListener answers options with an OACK, in the order asked', async () => {
    const { bytes } = await ask('/undionly.kpxe\0octet\0tsize\x000\0blksize\x001468\0');
    expect(bytes.toString('latin1', 2)).toBe('blksize\x001468\0tsize\x003000\0');
  });

  test.each([
    '../undionly.kpxe',
    '..\\undionly.kpxe',
    '/etc/passwd',
    '//undionly.kpxe',
    'x/../undionly.kpxe',
    '%2e%2e/undionly.kpxe',
    'undionly.kpxe/',
    'UNDIONLY.KPXE',
    '.',
    '/',
  ])('TftpListener does not find %j', async (name) => {
    expect(errorOf(await ask(`${name}\0octet\0`))).toEqual([1, 'file not found']);
  });

  test('TftpListener keeps the reason why a file cannot be read to its own log', async () => {
    expect(errorOf(await ask('broken\0octet\0'))).toEqual([0, 'this server cannot read the file']);
    expect(events).toMatchObject([{ type: 'tftp-failed', reason: 'disk on fire' }]);
  });

  test.each<[string, string, number, [number, string]]>([
    ['a write', 'undionly.kpxe\0octet\0', 2, [2, 'this server is read-only']],
    ['mode mail', 'undionly.kpxe\0mail\0', 1, [4, 'only mode octet (binary) is served']],
    ['mode netascii', 'undionly.kpxe\0netascii\0', 1, [4, 'only mode octet (binary) is served']],
  ])('TftpListener refuses %s', async (_, words, opcode, refusal) => {
    expect(errorOf(await ask(words, opcode))).toEqual(refusal);
    expect(events).toMatchObject([{ type: 'tftp-failed', reason: refusal[1] }]);
  });

  test('TftpListener takes a NUL in a name for its end', async () => {
    const { bytes } = await ask('undionly.kpxe\0octet\0../../etc/passwd\0');
    expect(bytes.readUInt16BE(0)).toBe(3);
  });

  test('TftpListener tells a stranger off and goes on', async () => {
    const { port } = await ask('undionly.kpxe\0octet\0');
    const stranger = await openSocket(0);
    const answer = receive(stranger);
    stranger.send(Buffer.of(0, 4, 0, 1), port, '127.0.0.1');
    expect(errorOf(await answer)[0]).toBe(5);
    stranger.close();
    expect((await acknowledge(1, port)).bytes.readUInt16BE(2)).toBe(2);
  });

  test('TftpListener answers the same request, sent twice, once', async () => {
    const first = await ask('undionly.kpxe\0octet\0');
    client.send(Buffer.from('\0\x01undionly.kpxe\0octet\0', 'latin1'), listener.port, '127.0.0.1');
    const second = await acknowledge(1, first.port);
    expect(second.port).toBe(first.port);
    expect(second.bytes.readUInt16BE(2)).toBe(2);
  });

  test('TftpListener repeats its OACK to a client that repeats its request', async () => {
    const request = 'undionly.kpxe\0octet\0tsize\x000\0';
    const first = await ask(request);
    const second = await ask(request);
    expect(second.port).toBe(first.port);
    expect(second.bytes.equals(first.bytes)).toBe(true);
    expect((await acknowledge(0, first.port)).bytes.readUInt16BE(2)).toBe(1);
  });

  test('TftpListener begins anew when a client starts over from the same port', async () => {
    const first = await ask('undionly.kpxe\0octet\0');
    await acknowledge(1, first.port);
    const again = await ask('undionly.kpxe\0octet\0');
    expect(again.bytes.readUInt16BE(2)).toBe(1);
    expect(again.port).not.toBe(first.port);
    expect(events).toMatchObject([
      { type: 'tftp-failed', bytes: 512, reason: 'the client started over' },
    ]);
  });

  test('TftpListener takes the size question of UEFI for no failure', async () => {
    const { port } = await ask('undionly.kpxe\0octet\0tsize\x000\0');
    client.send(Buffer.from('\0\x05\0\x08User aborted\0', 'latin1'), port, '127.0.0.1');
    const { bytes } = await ask('undionly.kpxe\0octet\0blksize\x001468\0');
    expect(bytes.readUInt16BE(0)).toBe(6);
    expect(events).toEqual([]);
  });

  test('TftpListener limits the transfers of one address', async () => {
    const sockets = await Promise.all(Array.from({ length: 17 }, () => openSocket(0)));
    const answers = await Promise.all(
      sockets.map((socket) => {
        const answer = receive(socket);
        socket.send(
          Buffer.from('\0\x01undionly.kpxe\0octet\0', 'latin1'),
          listener.port,
          '127.0.0.1',
        );
        return answer;
      }),
    );
    for (const socket of sockets) socket.close();
    const opcodes = answers.map(({ bytes }) => bytes.readUInt16BE(0));
    expect(opcodes.filter((opcode) => opcode === 3)).toHaveLength(16);
    expect(opcodes.filter((opcode) => opcode === 5)).toHaveLength(1);
  });
});
