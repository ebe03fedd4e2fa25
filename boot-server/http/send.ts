/** Sends a reply: headers, conditions, ranges, HEAD, and bodies no faster than the reader takes them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Content, ObjectReader } from '../objects/object-reader.js';
import { selectBytes, type Selection } from './range.js';
import type { Reply } from './reply.js';

export interface Sent {
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  /** False: the client went away. */
  readonly complete: boolean;
}

export interface SendContext {
  readonly objects: ObjectReader;
  /** Told as the bytes leave. */
  readonly onBytes: (count: number) => void;
}

const MIB = 1024 * 1024;
const KIB64 = 64 * 1024;
/** From this many readers of files on, each gets a smaller buffer: 500 slow ones must not take 500 MiB. */
const MANY_READERS = 32;

export async function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  context: SendContext,
): Promise<Sent> {
  const whole = typeof reply.body === 'string' ? Buffer.from(reply.body) : undefined;
  const size = typeof reply.body === 'string' ? (whole?.length ?? 0) : reply.body.size;
  const selection = select(request, reply, size);
  const [start, end] = bounds(selection, size);
  const status = statusOf(selection, reply.status);
  const hasBody = request.method !== 'HEAD' && end > start;
  // Before the headers: an object that is missing must not begin with 200.
  const content: Content | undefined =
    typeof reply.body === 'string'
      ? { kind: 'memory', bytes: whole ?? Buffer.alloc(0) }
      : hasBody
        ? await context.objects.open(reply.body)
        : undefined;
  try {
    response.writeHead(status, headersFor(reply, selection, size, end - start));
    if (!hasBody || content === undefined) {
      response.end();
      return { status, bytes: 0, complete: true };
    }
    const bytes = await sendContent(response, content, start, end, context.onBytes);
    return { status, bytes, complete: bytes === end - start };
  } finally {
    if (content?.kind === 'file') await content.handle.close();
  }
}

function select(request: IncomingMessage, reply: Reply, size: number): Selection {
  if (reply.etag === undefined || reply.status !== 200) return { kind: 'whole' };
  const { headers } = request;
  const ifRange = headers['if-range'];
  return selectBytes(
    {
      range: headers.range,
      ifRange: typeof ifRange === 'string' ? ifRange : undefined,
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
    },
    reply.etag,
    size,
  );
}

function bounds(selection: Selection, size: number): [number, number] {
  if (selection.kind === 'whole') return [0, size];
  return selection.kind === 'part' ? [selection.start, selection.end] : [0, 0];
}

function statusOf(selection: Selection, status: number): number {
  switch (selection.kind) {
    case 'whole':
      return status;
    case 'part':
      return 206;
    case 'not-modified':
      return 304;
    case 'precondition-failed':
      return 412;
    case 'unsatisfiable':
      return 416;
  }
}

function headersFor(
  reply: Reply,
  selection: Selection,
  size: number,
  length: number,
): Record<string, string> {
  return {
    'Content-Type': reply.type,
    ...(selection.kind === 'not-modified' ? {} : { 'Content-Length': String(length) }),
    ...(reply.etag === undefined
      ? { 'Cache-Control': 'no-store' }
      : {
          'Cache-Control': 'public, max-age=31536000, immutable',
          ETag: reply.etag,
          'Accept-Ranges': 'bytes',
        }),
    ...(selection.kind === 'part'
      ? {
          'Content-Range': `bytes ${String(selection.start)}-${String(selection.end - 1)}/${String(size)}`,
        }
      : {}),
    ...(selection.kind === 'unsatisfiable' ? { 'Content-Range': `bytes */${String(size)}` } : {}),
    'X-Content-Type-Options': 'nosniff',
    ...reply.headers,
  };
}

let fileReaders = 0;

/** @returns bytes handed to the kernel; fewer than asked for when the client went away */
async function sendContent(
  response: ServerResponse,
  content: Content,
  start: number,
  end: number,
  onBytes: (count: number) => void,
): Promise<number> {
  if (content.kind === 'memory') {
    return pump(response, start, end, MIB, onBytes, (offset, length) =>
      Promise.resolve(content.bytes.subarray(offset, offset + length)),
    );
  }
  fileReaders += 1;
  try {
    const buffer = Buffer.allocUnsafeSlow(fileReaders > MANY_READERS ? KIB64 : MIB);
    return await pump(response, start, end, buffer.length, onBytes, async (offset, length) => {
      const { bytesRead } = await content.handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    fileReaders -= 1;
  }
}

async function pump(
  response: ServerResponse,
  start: number,
  end: number,
  pieceBytes: number,
  onBytes: (count: number) => void,
  read: (offset: number, length: number) => Promise<Buffer>,
): Promise<number> {
  let offset = start;
  while (offset < end) {
    const piece = await read(offset, Math.min(pieceBytes, end - offset));
    // The file was cut off under us: the missing length tells the client.
    if (piece.length === 0 || !(await write(response, piece))) {
      response.destroy();
      break;
    }
    offset += piece.length;
    onBytes(piece.length);
  }
  if (offset === end) response.end();
  return offset - start;
}

/** Resolves when the piece is with the kernel and its buffer free again; false when the client is gone. */
function write(response: ServerResponse, piece: Buffer): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = (): void => {
      resolve(false);
    };
    response.once('close', gone);
    response.write(piece, (error) => {
      response.off('close', gone);
      resolve(!error);
    });
  });
}
