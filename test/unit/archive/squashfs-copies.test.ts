/** Blocks that were copied from a proven image count as read back only where both images have the same bytes. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BlockCopies } from '../../../src/archive/squashfs/repack/block-copies.js';
import type { StoredPlace } from '../../../src/archive/squashfs/write/block-writer.js';

let directory: string;
let mine: number;
let theirs: number;
const digest = Buffer.alloc(32, 7);
const copy: StoredPlace = { start: 4, sizeWord: 6, sum: 0, digest, copiedFrom: 2 };

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'onib-copies-'));
  mine = openSync(path.join(directory, 'mine'), 'w+');
  theirs = openSync(path.join(directory, 'theirs'), 'w+');
  writeFileSync(mine, '----block-');
  writeFileSync(theirs, '--block-');
});

afterEach(() => {
  closeSync(mine);
  closeSync(theirs);
  rmSync(directory, { recursive: true });
});

function copies(written: readonly StoredPlace[], proven = true): BlockCopies {
  return new BlockCopies(mine, { descriptor: theirs, proven }, written);
}

test('BlockCopies knows the content of a block that has the bytes of a proven image', () => {
  expect(copies([copy]).contentDigest(4, 6)).toBe(digest);
  expect(copies([copy]).count).toBe(1);
});

test('BlockCopies says nothing about a block whose bytes are others', () => {
  writeSync(mine, 'K', 8);
  expect(copies([copy]).contentDigest(4, 6)).toBeUndefined();
});

test('BlockCopies says nothing about a block that an image ends before', () => {
  expect(copies([{ ...copy, sizeWord: 9 }]).contentDigest(4, 9)).toBeUndefined();
});

test('BlockCopies says nothing about blocks of an image that is not proven', () => {
  expect(copies([copy], false).contentDigest(4, 6)).toBeUndefined();
  expect(copies([copy], false).count).toBe(1);
});

test('BlockCopies says nothing about blocks that were compressed, or stand elsewhere', () => {
  const found = copies([copy, { ...copy, start: 40, copiedFrom: undefined }]);
  expect(found.contentDigest(40, 6)).toBeUndefined();
  expect(found.contentDigest(5, 6)).toBeUndefined();
  expect(found.contentDigest(4, 5)).toBeUndefined();
});
