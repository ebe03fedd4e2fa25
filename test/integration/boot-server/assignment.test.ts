/** `onib serve` follows boot-profiles.yml while it serves: no build, no restart, and no harm by a broken file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BootBench } from '../../support/boot-bench.js';
import { BRIDGE, SERVER_ADDRESS } from '../../support/boot-network.js';
import { onib } from '../../support/onib-command.js';

const MAC = '52:54:00:77:04:01';
const OTHER_MAC = '52:54:00:77:04:02';

let bench: BootBench;
let file: string;

beforeAll(async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'onib-assignment-'));
  file = path.join(directory, 'boot-profiles.yml');
  await writeFile(file, naming(MAC, 'discovery'));
  bench = await BootBench.create({
    machines: { node: MAC },
    release: { profiles: [{ name: 'discovery' }, { name: 'rescue', arguments: ['rescue'] }] },
    serve: ['--dhcp', 'off', '--assign', file],
    prepare: (network) => network.configure('node', ['address add 192.168.77.61/24 dev eth0']),
  });
  return async () => {
    await bench[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  };
});

beforeEach(async () => {
  await assign(naming(MAC, 'discovery'));
});

/** A file that gives a node a profile, by another overlay than the release has: only nodes are read of it. */
function naming(mac: string, profile: string): string {
  return `profiles:\n  ${profile}:\n    overlays: [tools]\n    nodes: ["${mac}"]\n`;
}

/** Writes it and waits until the server follows it. */
async function assign(content: string): Promise<void> {
  // A content of its own each time: the server tells of changes alone.
  await writeFile(file, `${content}# ${String(bench.server.events.length)}\n`);
  bench.server.events.splice(0);
  await bench.server.event('assignment-changed', { file, nodes: 1 });
}

/** Profile of the script that a node gets. */
async function profileOf(mac: string): Promise<string | undefined> {
  const url = `http://${SERVER_ADDRESS}:8080/v1/boot?mac=${mac}`;
  const argv = ['curl', '--silent', '--show-error', '--fail', '--max-time', '60', url];
  const { stdout } = await bench.network.run('node', argv);
  return /^echo onib: (\S+) of release/m.exec(stdout)?.[1];
}

async function render(...words: readonly string[]): Promise<Record<string, unknown>> {
  const argv = [...onib, 'serve', '--json', '--interface', BRIDGE, ...bench.serveWords, ...words];
  return JSON.parse((await bench.network.run(undefined, argv)).stdout) as Record<string, unknown>;
}

describe('onib serve', () => {
  it('gives a node the profile that the file names from now on, without a build', async () => {
    expect(await profileOf(MAC)).toBe('discovery');
    await assign(naming(MAC, 'rescue'));
    expect(await profileOf(MAC)).toBe('rescue');
    expect(await profileOf(OTHER_MAC)).toBe('discovery');
  });

  it('keeps what it followed while the file is broken or gone, and says where', async () => {
    await assign(naming(MAC, 'rescue'));
    await writeFile(file, naming('no address', 'discovery'));
    const place = `${file}:4:13`;
    expect(await bench.server.event('warning', { place })).toMatchObject({ code: 'PROFILE' });
    expect(await profileOf(MAC)).toBe('rescue');
    await rm(file);
    await bench.server.event('warning', { code: 'ASSIGNMENT_MISSING' });
    expect(await profileOf(MAC)).toBe('rescue');
    await assign(naming(OTHER_MAC, 'rescue'));
    expect(await profileOf(MAC)).toBe('discovery');
    expect(await profileOf(OTHER_MAC)).toBe('rescue');
  });

  it('renders with --render what the server gives, and says which line decides', async () => {
    await assign(naming(MAC, 'rescue'));
    const decision = await render('--render', MAC);
    expect(decision).toMatchObject({
      schema: 'onib.boot-decision/1',
      ...{ mac: MAC, profile: 'rescue', rule: 'node', why: `${file}:4:13 names ${MAC}` },
    });
    const url = `http://${SERVER_ADDRESS}:8080/v1/boot?mac=${MAC}`;
    const { stdout } = await bench.network.run('node', ['curl', '--silent', '--fail', url]);
    expect(decision.script).toBe(stdout);
  });
});
