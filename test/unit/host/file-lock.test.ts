import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileLock } from '../../../src/host/file-lock.js';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'onib-lock-'));
  file = path.join(directory, 'lock');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('FileLock.take() names the holder to whoever comes second', async () => {
  await using lock = await FileLock.take(file, 'onib build');
  expect(lock).toBeInstanceOf(FileLock);
  await expect(FileLock.take(file, 'another')).rejects.toMatchObject({
    code: 'BUSY',
    exitCode: 4,
    message: expect.stringContaining(
      `held by onib build, process ${String(process.pid)}`,
    ) as string,
  });
});

test('FileLock.take() succeeds again after disposal', async () => {
  {
    await using first = await FileLock.take(file, 'first');
    expect(first).toBeDefined();
  }
  await using second = await FileLock.take(file, 'second');
  expect(second).toBeDefined();
});

test('FileLock.take() succeeds after the holder was killed', async () => {
  // flock(1) locks the same way, which also shows that the lock is an ordinary flock(2) lock.
  const holder = spawn('flock', ['--no-fork', file, 'sh', '-c', 'echo locked; exec sleep 60']);
  await once(holder.stdout, 'data');
  await expect(FileLock.take(file, 'second')).rejects.toMatchObject({ code: 'BUSY' });
  holder.kill('SIGKILL');
  await expect
    .poll(
      async () => {
        try {
          await using lock = await FileLock.take(file, 'second');
          return lock instanceof FileLock;
        } catch {
          return false;
        }
      },
      { timeout: 10_000 },
    )
    .toBe(true);
});
