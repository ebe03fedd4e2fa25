/** An HTTP server on the loopback that misbehaves as a script of moods says. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `reset`: the connection breaks halfway; `short`: the body ends early, and says so by its length. */
export type Mood = 'good' | 'missing' | 'reset' | 'short' | 'wrong' | 'long' | 'no-range' | 'busy';

export class BadServer implements AsyncDisposable {
  /** Mood of each request in turn; the last one stays. */
  moods: Mood[] = ['good'];
  readonly requests: { readonly path: string; readonly range: string | undefined }[] = [];
  readonly posts: string[] = [];

  private constructor(
    private readonly server: Server,
    private readonly body: Buffer,
  ) {}

  static async start(body: Buffer): Promise<BadServer> {
    const server = createServer();
    const bad = new BadServer(server, body);
    server.on('request', (request, response) => {
      bad.answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return bad;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'POST') {
      let form = '';
      request.on('data', (chunk: Buffer) => (form += chunk.toString()));
      request.on('end', () => {
        this.posts.push(`${request.url ?? ''} ${form}`);
        response.writeHead(204).end();
      });
      return;
    }
    this.requests.push({ path: request.url ?? '', range: request.headers.range });
    const mood = this.moods.length > 1 ? this.moods.shift() : this.moods[0];
    this.send(mood ?? 'good', request.headers.range, response);
  }

  private send(mood: Mood, range: string | undefined, response: ServerResponse): void {
    if (mood === 'missing') response.writeHead(404).end('<html>not here</html>');
    else if (mood === 'busy') response.writeHead(503, { 'retry-after': '1' }).end();
    else this.sendBody(mood, range, response);
  }

  private sendBody(mood: Mood, range: string | undefined, response: ServerResponse): void {
    const from = mood === 'no-range' ? 0 : Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    let body = this.body.subarray(from);
    if (mood === 'wrong') body = Buffer.from(body.map((byte) => byte ^ 1));
    if (mood === 'long') body = Buffer.concat([body, Buffer.from('more')]);
    const half = Math.floor(body.length / 2);
    const length = mood === 'short' ? half : body.length;
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': length,
      ...(from > 0
        ? { 'content-range': `bytes ${from}-${this.body.length - 1}/${this.body.length}` }
        : {}),
    });
    if (mood === 'reset') {
      response.write(body.subarray(0, half), () => {
        response.socket?.destroy();
      });
    } else {
      response.end(body.subarray(0, length));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
