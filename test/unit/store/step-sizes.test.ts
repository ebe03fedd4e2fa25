import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readStepSizes, recordStepSize } from '../../../src/store/step-sizes.js';
import { Store } from '../../../src/store/store.js';

let store: Store;

beforeEach(async () => {
  store = new Store(await mkdtemp(path.join(tmpdir(), 'onib-sizes-')));
});

afterEach(async () => {
  await rm(store.directory, { recursive: true });
});

describe('readStepSizes()', () => {
  test('readStepSizes() reads what recordStepSize() wrote', async () => {
    await recordStepSize(store, 'base base', { trees: 5, artifacts: 3 });
    await recordStepSize(store, 'overlay tools', { trees: 2, artifacts: 1 });
    await recordStepSize(store, 'base base', { trees: 6, artifacts: 4 });
    expect(await readStepSizes(store)).toEqual({
      'base base': { trees: 6, artifacts: 4 },
      'overlay tools': { trees: 2, artifacts: 1 },
    });
  });

  test.each([
    '{"schema": "onib.si',
    '{"schema": "onib.sizes/1", "steps": null}',
    '{"schema": "onib.sizes/1", "steps": {"base base": {"trees": "much"}}}',
    '{"schema": "onib.sizes/2", "steps": {}}',
  ])('readStepSizes() takes a record that it cannot read for none: %s', async (text) => {
    await writeFile(path.join(store.directory, 'sizes.json'), text);
    expect(await readStepSizes(store)).toEqual({});
  });
});
