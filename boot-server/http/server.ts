/** The HTTP server: limits, bodies, and one event for each request. What to answer: `routes.ts`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT, OnibError } from '../../src/core/errors.js';
import { plainAddress } from '../../src/core/ipv4.js';
import type { RouteContext } from './context.js';
import type { ObjectReader } from '../objects/object-reader.js';
import { TYPE, type Reply } from './reply.js';
import { answerRequest } from './routes.js';
import { sendReply, type Sent } from './send.js';

export interface HttpOptions {
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly objects: ObjectReader;
  readonly context: RouteContext;
}

export interface HttpListener {
  /** Base URL, without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

const LONGEST_BODY = 8 * 1024;
const LARGEST_HEADERS = 16 * 1024;
/** A reader that takes nothing for this long is gone; slow ones that go on are not cut off. */
const IDLE_MS = 60_000;
const HEADERS_MS = 20_000;

/** @throws OnibError PORT_IN_USE, PORT_DENIED, LISTEN_FAILED */
export async function openHttp(options: HttpOptions): Promise<HttpListener> {
  const server = createServer(
    {
      maxHeaderSize: LARGEST_HEADERS,
      headersTimeout: HEADERS_MS,
      requestTimeout: IDLE_MS,
      // iPXE fetches kernel, initrd and manifest on one connection, some seconds apart.
      keepAliveTimeout: IDLE_MS,
      noDelay: true,
    },
    (request, response) => void handle(request, response, options),
  );
  server.setTimeout(IDLE_MS);
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.address}:${String(port)}`,
    close: () => closeServer(server),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
): Promise<void> {
  const started = performance.now();
  const from = plainAddress(request.socket.remoteAddress);
  const { registry, onEvent } = options.context;
  let sent: Sent;
  try {
    const reply = await decide(request, from, options);
    sent = await sendReply(request, response, reply, {
      objects: options.objects,
      onBytes: (count) => {
        registry.addBytes(from, count);
      },
    });
  } catch (error) {
    sent = answerFailure(response, error, options);
  }
  const mac = registry.ownerOf(from);
  onEvent({
    type: 'http-sent',
    address: from,
    ...(mac === undefined ? {} : { mac }),
    method: request.method ?? '',
    path: request.url ?? '',
    ...sent,
    seconds: (performance.now() - started) / 1000,
  });
}

function decide(request: IncomingMessage, from: string, { context }: HttpOptions): Promise<Reply> {
  const { localAddress, localPort } = request.socket;
  return answerRequest(
    request.url ?? '',
    {
      method: request.method ?? '',
      from,
      server: `http://${plainAddress(localAddress)}:${String(localPort)}`,
      contentType: request.headers['content-type'] ?? '',
      readBody: () => readBody(request),
    },
    context,
  );
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > LONGEST_BODY) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** An object that is gone is 404, anything else 500; either way somebody has to know. */
function answerFailure(response: ServerResponse, error: unknown, { context }: HttpOptions): Sent {
  if (response.destroyed || isAborted(error)) {
    response.destroy();
    return { status: response.statusCode, bytes: 0, complete: false };
  }
  const known = error instanceof OnibError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  context.onEvent({
    type: 'warning',
    code: known?.code ?? 'HTTP_FAILED',
    message,
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
  });
  const status = known?.code === 'OBJECT_MISSING' ? 404 : 500;
  if (response.headersSent) {
    response.destroy();
    return { status: response.statusCode, bytes: 0, complete: false };
  }
  const text = status === 404 ? 'not found\n' : 'this server cannot read it\n';
  response.writeHead(status, { 'Content-Type': TYPE.text, 'Cache-Control': 'no-store' });
  response.end(text);
  return { status, bytes: Buffer.byteLength(text), complete: true };
}

/** The client went away while its body was read. */
function isAborted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

function listen(server: Server, { address, port }: HttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(describeListenFailure(error, `${address}:${String(port)}/tcp`, port));
    });
    server.listen(port, address, resolve);
  });
}

function describeListenFailure(
  error: NodeJS.ErrnoException,
  which: string,
  port: number,
): OnibError {
  if (error.code === 'EADDRINUSE') {
    return new OnibError(
      'PORT_IN_USE',
      `Cannot listen on "${which}": another program has the port`,
      {
        hint: `ss -ltnp 'sport = :${String(port)}' names it; or take another port`,
        exitCode: EXIT.hostLacks,
      },
    );
  }
  if (error.code === 'EACCES') {
    return new OnibError('PORT_DENIED', `Cannot listen on "${which}": only root may`, {
      hint: 'start it with sudo, or take a port above 1023',
      exitCode: EXIT.hostLacks,
    });
  }
  return new OnibError('LISTEN_FAILED', `Cannot listen on "${which}": ${error.message}`, {
    cause: error,
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
