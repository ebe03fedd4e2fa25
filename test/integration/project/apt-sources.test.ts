import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../../src/host/run.js';
import { answerDirectory } from '../../../src/host/answer-cache.js';
import { readHostApt } from '../../../src/facts/apt/apt-sources.js';

let cache: string;

beforeAll(async () => {
  cache = await mkdtemp(path.join(os.tmpdir(), 'onib-cache-'));
  process.env.XDG_CACHE_HOME = cache;
});

afterAll(async () => {
  delete process.env.XDG_CACHE_HOME;
  await rm(cache, { recursive: true });
});

test('readHostApt() finds the mirror that this host’s own apt uses', async () => {
  const { mirror } = await readHostApt();
  const { stdout } = await run(['apt-get', 'indextargets', '--format', '$(SITE) $(ORIGIN)']);
  const hasMirror = /^https?:\/\/.* Debian$/m.test(stdout);
  expect(mirror.debian !== undefined).toBe(hasMirror);
  if (mirror.debian !== undefined) expect(stdout).toContain(new URL(mirror.debian).host);
  expect(mirror.debian ?? '').not.toMatch(/\/$/);
});

test('readHostApt() asks apt for the proxy', async () => {
  const { proxy } = await readHostApt();
  const { stdout } = await run(['apt-config', 'dump', 'Acquire::http::Proxy']);
  expect(proxy !== undefined).toBe(/Acquire::http::Proxy "(?!DIRECT)./.test(stdout));
});

test('readHostApt() remembers the answer, and gives it again', async () => {
  const first = await readHostApt();
  expect(await readdir(answerDirectory('apt'))).toHaveLength(1);
  expect(await readHostApt()).toEqual(first);
});
