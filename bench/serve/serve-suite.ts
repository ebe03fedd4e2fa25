/** The boot server: what a request costs does not grow with releases and profiles. */
import { startBootServer } from '../../boot-server/index.js';
import { createStore } from '../../test/support/store-fixture.js';
import type { SuiteOptions } from '../archive/archive-suite.js';
import { makeRow, type Row } from '../row.js';

export const servePackages: readonly string[] = [];

/** A store with a few releases, and one that nobody has cleared for long. */
const SMALL = { releases: 1, profiles: 1 };
const LARGE = { releases: 30, profiles: 50 };
const REQUESTS = 2000;
const MAC = '52:54:00:12:34:56';

type Size = typeof SMALL;

interface Cost {
  /** Milliseconds of this process for a request: the server's and the client's. */
  readonly manifest: number;
  readonly script: number;
}

export async function* serveSuite({ rounds, tell }: SuiteOptions): AsyncGenerator<Row> {
  const pairs: [large: Cost, small: Cost][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    tell(`round ${String(round)} of ${String(rounds)}: ${String(REQUESTS)} requests each`);
    pairs.push([await costOf(LARGE), await costOf(SMALL)]);
  }
  const names = { manifest: 'a boot manifest', script: "a node's script" } as const;
  for (const kind of ['manifest', 'script'] as const) {
    yield makeRow(
      `${names[kind]}, 30 releases of 50 profiles: cpu`,
      'ms',
      '1 release of 1 profile',
      pairs.map(([large, small]) => [large[kind], small[kind]]),
    );
  }
}

async function costOf({ releases, profiles }: Size): Promise<Cost> {
  const names = Array.from({ length: profiles }, (_, index) => ({ name: `p${String(index)}` }));
  const store = await createStore({ profiles: names });
  const server = await startBootServer({
    store: store.directory,
    ...{ interface: 'lo', dhcp: { mode: 'off' }, tftp: false, httpPort: 0 },
    onEvent: () => undefined,
  });
  try {
    for (let second = 1; second < releases; second += 1) {
      await store.addRelease({ id: releaseId(second), profiles: names });
    }
    const scriptUrl = `${server.url}/v1/boot?mac=${MAC}`;
    const script = await (await fetch(scriptUrl)).text();
    const manifest = /onib\.manifest=(\S+)/.exec(script)?.[1] ?? '';
    return { manifest: await costOfRequest(manifest), script: await costOfRequest(scriptUrl) };
  } finally {
    await server.close();
    await store.remove();
  }
}

function releaseId(second: number): string {
  return `20261101T1405${String(second).padStart(2, '0')}Z-0000`;
}

/** @returns milliseconds of processor time */
async function costOfRequest(url: string): Promise<number> {
  const get = async (): Promise<void> => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${String(response.status)}`);
    await response.arrayBuffer();
  };
  // What is rendered once is rendered here.
  for (let warm = 0; warm < 20; warm += 1) await get();
  const before = process.cpuUsage();
  for (let request = 0; request < REQUESTS; request += 1) await get();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / REQUESTS;
}
