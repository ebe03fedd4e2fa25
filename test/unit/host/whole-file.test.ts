import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFile, writeWholeFile } from '../../../src/host/whole-file.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'onib-whole-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('writeWholeFile() gives the file its name only when it is complete', async () => {
  const file = path.join(directory, 'object');
  await writeWholeFile(file, async (handle) => {
    await handle.writeFile('half');
    expect(await readdir(directory)).toEqual([]);
    await handle.writeFile(' and half');
  });
  expect(await readFile(file, 'utf8')).toBe('half and half');
});

test('writeWholeFile() leaves nothing when writing fails', async () => {
  const failing = writeWholeFile(path.join(directory, 'object'), async (handle) => {
    await handle.writeFile('half');
    throw new Error('no more');
  });
  await expect(failing).rejects.toThrow('no more');
  expect(await readdir(directory)).toEqual([]);
});

test('writeWholeFile() does not touch a file that is there already', async () => {
  const file = path.join(directory, 'object');
  await writeFile(file, 'first');
  const second = writeWholeFile(file, async (handle) => {
    await handle.writeFile('second');
  });
  await expect(second).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readFile(file, 'utf8')).toBe('first');
});

test('replaceFile() takes the place of a file, however many do so at once', async () => {
  const file = path.join(directory, 'record');
  const texts = Array.from({ length: 8 }, (_, index) => `text ${String(index)}`.repeat(1000));
  await Promise.all(texts.map((text) => replaceFile(file, text)));
  expect(texts).toContain(await readFile(file, 'utf8'));
  expect(await readdir(directory)).toEqual(['record']);
});

test('writeWholeFile() takes names of any characters', async () => {
  const file = path.join(directory, 'größer als 1"');
  await writeWholeFile(file, async (handle) => {
    await handle.writeFile('whole');
  });
  expect(await readdir(directory)).toEqual([path.basename(file)]);
});
