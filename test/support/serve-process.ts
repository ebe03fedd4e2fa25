/** `onib serve`, the compiled program as a process of its own, with its events as they come. */
import type { RunningCommand } from '../../src/host/command.js';
import { BRIDGE, signalInside, type BootNetwork } from './boot-network.js';
import { onib } from './onib-command.js';
import { until } from './wait.js';

export interface ServeEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export class ServeProcess implements AsyncDisposable {
  readonly events: ServeEvent[];
  readonly #process: RunningCommand;
  readonly #errors: string[];

  private constructor(process: RunningCommand, events: ServeEvent[], errors: string[]) {
    this.#process = process;
    this.events = events;
    this.#errors = errors;
  }

  /** Starts it on the network's bridge; resolves when it listens. */
  static async start(network: BootNetwork, ...words: readonly string[]): Promise<ServeProcess> {
    const events: ServeEvent[] = [];
    const errors: string[] = [];
    const running = network.start(
      undefined,
      [...onib, 'serve', '--json', '--interface', BRIDGE, ...words],
      {
        check: false,
        onLine: (line, stream) => {
          if (stream === 'stderr') errors.push(line);
          else events.push(JSON.parse(line) as ServeEvent);
        },
      },
    );
    const server = new ServeProcess(running, events, errors);
    await server.event('listening');
    return server;
  }

  /** Waits for an event with these fields, among those that have come or will. */
  async event(type: string, fields: Readonly<Record<string, unknown>> = {}): Promise<ServeEvent> {
    const wanted = Object.entries({ ...fields, type });
    try {
      return await until(
        `event ${JSON.stringify({ type, ...fields })}`,
        () => this.events.find((event) => wanted.every(([key, value]) => event[key] === value)),
        20,
      );
    } catch (error) {
      const seen = this.events.slice(-10).map((event) => JSON.stringify(event));
      throw new Error([...this.#errors, ...seen].join('\n'), { cause: error });
    }
  }

  /** Ends it by SIGTERM, as systemd would. @returns its exit code */
  async stop(): Promise<number> {
    await signalInside(this.#process, 'SIGTERM');
    return (await this.#process.result).exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}
