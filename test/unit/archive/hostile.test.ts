/**
 * Damaged archives: for each way in which a reader refuses one, the smallest that met it (its name says what is
 * wrong). `npm run fuzz` adds any whose reading goes wrong.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packagePath } from '../../../src/core/package.js';
import { readHostile } from '../../support/hostile.js';

const directory = packagePath('test/fixtures/hostile');
const files = readdirSync(directory);

test('there are archives of both formats', () => {
  const kinds = files.map((name) => name.split('-')[0]);
  expect(new Set(kinds)).toEqual(new Set(['cpio', 'squashfs']));
});

test.each(files)('withContents() refuses what is damaged: %s', async (name) => {
  expect(await readHostile(path.join(directory, name))).toBe('refused');
});
