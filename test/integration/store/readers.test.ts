/**
 * Readers of a release while others come and go: processes of their own read it again and again, over
 * HTTP and from the store, and never see a missing or a changed byte.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBootServer, type BootServer } from '../../../boot-server/index.js';
import { start, type RunningCommand } from '../../../src/host/command.js';
import { collectGarbage } from '../../../src/store/gc.js';
import type { Artifact, ReleaseManifest } from '../../../src/contract/release-manifest.js';
import { rollBack } from '../../../src/store/activate.js';
import { Store } from '../../../src/store/store.js';
import { HostCache } from '../../../src/host/host-cache.js';
import { commitTo, createStore, type StoreFixture } from '../../support/store-fixture.js';
import { until } from '../../support/wait.js';

const OLD = '20261120T140501Z-3f9c';
const ROUNDS = 30;

let fixture: StoreFixture;
let store: Store;
let server: BootServer;

beforeEach(async () => {
  fixture = await createStore({ id: OLD });
  store = new Store(fixture.directory);
  server = await startBootServer({
    ...{ store: fixture.directory, interface: 'lo', dhcp: { mode: 'off' }, tftp: false },
    ...{ httpPort: 0, onEvent: () => undefined },
  });
});

afterEach(async () => {
  await server.close();
  await fixture.remove();
});

/** What a release of this round holds: a new base, and everything else of the one before. */
async function commitRound(round: number): Promise<ReleaseManifest> {
  await using _lock = await store.lock('the test');
  const before = await store.current();
  if (before === undefined) throw new Error('no release');
  const file = path.join(fixture.directory, 'made');
  await writeFile(file, Buffer.alloc(200_000, `base of round ${String(round)}`));
  const { digest, size } = await store.putObject(file);
  const artifacts = before.artifacts.map((one): Artifact =>
    one.kind === 'base' ? { ...one, digest, size } : one,
  );
  const id = `20261120T15${String(round).padStart(4, '0')}Z-0000`;
  const manifest = { ...before, id, created: new Date().toISOString(), artifacts };
  await commitTo(store, manifest);
  return manifest;
}

/** A process that prints the digest of what `read` gives, until it is stopped. */
class Reader {
  readonly digests: string[] = [];
  readonly #process: RunningCommand;

  constructor(read: string) {
    const script = `while :; do ${read} | sha256sum || exit 9; done`;
    this.#process = start(['sh', '-c', script], {
      check: false,
      onLine: (line, stream) =>
        this.digests.push(stream === 'stdout' ? (line.split(' ')[0] ?? '') : line),
    });
  }

  async rounds(count: number): Promise<void> {
    const wanted = this.digests.length + count;
    await until('what a reader reads', () => this.digests.length >= wanted || undefined);
  }

  async stop(): Promise<Set<string>> {
    await this.#process.stop();
    return new Set(this.digests);
  }
}

describe('a reader of a release', () => {
  it('sees every byte of it while others are committed, rolled back and collected', async () => {
    const script = await (await fetch(`${server.url}/v1/boot?mac=52:54:00:12:34:56`)).text();
    expect(script).toContain('onib.manifest=');
    const file = path.join(store.releasePath(OLD), 'base.trixie.squashfs');
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    const readers = [
      new Reader(`curl --silent --fail ${server.url}/objects/${digest}`),
      new Reader(`curl --silent --fail ${server.url}/releases/${OLD}/base.trixie.squashfs`),
      // Slow enough to be in the middle of it while releases come and go.
      new Reader(`curl --silent --fail --limit-rate 300k ${server.url}/objects/${digest}`),
      new Reader(`cat ${file}`),
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id } = await commitRound(round);
      expect((await store.current())?.id).toBe(id);
      if (round % 3 === 0) await rollBack(store);
      await collectGarbage(store, {
        keep: 1,
        dryRun: false,
        cache: new HostCache('/nonexistent'),
        now: Date.now(),
      });
      if (round % 10 === 9) await Promise.all(readers.map((reader) => reader.rounds(1)));
    }
    await Promise.all(readers.map((reader) => reader.rounds(1)));
    // gc had work to do: what nobody was given is gone.
    expect((await store.releaseIds()).length).toBeLessThan(6);
    expect(await store.releaseIds()).toContain(OLD);
    for (const reader of readers) expect(await reader.stop()).toEqual(new Set([digest]));
  });

  it('goes on reading an open file of a release that is removed', async () => {
    const old = await store.current();
    await commitRound(1);
    const base = old?.artifacts.find(({ kind }) => kind === 'base');
    if (base === undefined) throw new Error('no base');
    const lines: string[] = [];
    const script = 'exec 3<"$0"; echo open; read _; sha256sum <&3';
    const gate = path.join(fixture.directory, 'gate');
    const reader = start(
      [
        'sh',
        '-c',
        `mkfifo ${gate}; ${script.replace('read _', `read _ <${gate}`)}`,
        store.objectPath(base.digest),
      ],
      { onLine: (line) => lines.push(line) },
    );
    await until('an open file', () => lines.includes('open') || undefined);
    const { removedReleases } = await collectGarbage(store, {
      ...{ keep: 1, dryRun: false, cache: new HostCache('/nonexistent'), now: Date.now() },
    });
    expect(removedReleases).toEqual([OLD]);
    await expect(readFile(store.objectPath(base.digest))).rejects.toThrow('ENOENT');
    await writeFile(gate, '\n');
    const { stdout } = await reader.result;
    expect(stdout).toContain(base.digest.slice('sha256:'.length));
  });
});
