import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ObjectReader } from '../../../../boot-server/objects/object-reader.js';
import type { ServedObject } from '../../../../boot-server/objects/served-object.js';

const SIZE = 100;
let store: string;

beforeEach(async () => {
  store = await mkdtemp(path.join(tmpdir(), 'onib-objects-'));
  await mkdir(path.join(store, 'objects'));
});

afterEach(async () => {
  await rm(store, { recursive: true });
});

async function object(text: string): Promise<ServedObject> {
  const bytes = Buffer.alloc(SIZE, text);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await writeFile(fileOf(sha256), bytes);
  return { sha256, size: SIZE };
}

function fileOf(sha256: string): string {
  return path.join(store, 'objects', sha256);
}

test('ObjectReader.open() keeps what was asked for last, as far as its limit goes', async () => {
  const reader = new ObjectReader(store, 2.5 * SIZE);
  const [first, second, third] = [await object('a'), await object('b'), await object('c')];
  for (const one of [first, second, first, third]) await reader.open(one);
  for (const { sha256 } of [first, second, third]) await rm(fileOf(sha256));
  expect(await reader.open(first)).toMatchObject({ kind: 'memory' });
  expect(await reader.open(third)).toMatchObject({ kind: 'memory' });
  await expect(reader.open(second)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
});

test('ObjectReader.open() reads a file again that was damaged', async () => {
  const reader = new ObjectReader(store, 10 * SIZE);
  const one = await object('a');
  await writeFile(fileOf(one.sha256), Buffer.alloc(SIZE, 'x'));
  await expect(reader.open(one)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  await object('a');
  expect(await reader.open(one)).toMatchObject({ kind: 'memory' });
});

test('ObjectReader.open() keeps nothing that is larger than half of its limit', async () => {
  const reader = new ObjectReader(store, 1.5 * SIZE);
  const content = await reader.open(await object('a'));
  expect(content.kind).toBe('file');
  if (content.kind === 'file') await content.handle.close();
});
