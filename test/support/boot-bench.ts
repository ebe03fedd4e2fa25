/** A store, a network and `onib serve` on it, put up together and taken away together. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BootNetwork } from './boot-network.js';
import { ServeProcess } from './serve-process.js';
import { createStore, type FixtureRelease, type StoreFixture } from './store-fixture.js';

export interface BootBenchOptions {
  /** MAC by name of the machines. */
  readonly machines: Readonly<Record<string, string>>;
  /** Default: the standard one. */
  readonly release?: FixtureRelease;
  /** Options of `onib serve`, besides store and interface. */
  readonly serve: readonly string[];
  /** Puts up what must be there before the boot server. */
  readonly prepare?: (network: BootNetwork) => Promise<void>;
}

export class BootBench implements AsyncDisposable {
  readonly store: StoreFixture;
  /** Directory of the test's own, beside the store. */
  readonly scratch: string;
  readonly network: BootNetwork;
  readonly server: ServeProcess;
  /** Options that the server was started with. */
  readonly serveWords: readonly string[];
  readonly #takeAway: () => Promise<void>;

  private constructor(
    parts: Pick<BootBench, 'store' | 'scratch' | 'network' | 'server' | 'serveWords'>,
    takeAway: () => Promise<void>,
  ) {
    this.store = parts.store;
    this.scratch = parts.scratch;
    this.network = parts.network;
    this.server = parts.server;
    this.serveWords = parts.serveWords;
    this.#takeAway = takeAway;
  }

  static async create(options: BootBenchOptions): Promise<BootBench> {
    const undo: (() => Promise<void>)[] = [];
    const takeAway = async (): Promise<void> => {
      for (const step of undo.splice(0).reverse()) await step();
    };
    try {
      const scratch = await mkdtemp(path.join(tmpdir(), 'onib-bench-'));
      undo.push(() => rm(scratch, { recursive: true }));
      const store = await createStore(options.release);
      undo.push(() => store.remove());
      // The server may serve as a user without rights.
      await chmod(store.directory, 0o755);
      const network = await BootNetwork.create();
      undo.push(() => network[Symbol.asyncDispose]());
      for (const [name, mac] of Object.entries(options.machines))
        await network.addMachine(name, mac);
      await options.prepare?.(network);
      const serveWords = ['--store', store.directory, ...options.serve];
      const server = await ServeProcess.start(network, ...serveWords);
      undo.push(() => server[Symbol.asyncDispose]());
      return new BootBench({ scratch, store, network, server, serveWords }, takeAway);
    } catch (error) {
      await takeAway();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#takeAway();
  }
}
