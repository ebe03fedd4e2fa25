import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { packagePath } from '../../../src/core/package.js';
import { knownKeys } from '../../../src/project/keys/keys.js';
import { namesOf } from '../../../src/project/keys/key.js';
import { configurationReference } from '../../../src/project/keys/reference.js';

const FILE = packagePath('docs', 'reference', 'configuration.md');

// `npx vitest run --project unit -u reference` writes the file anew.
test('configurationReference() is what docs/reference/configuration.md says', async () => {
  await expect(configurationReference()).toMatchFileSnapshot(FILE);
});

test('knownKeys have examples that their own types accept', () => {
  for (const key of knownKeys) {
    const value: unknown = parse(key.example);
    expect(key.type.check(value), `${key.name}: ${key.example}`).toHaveProperty('value');
  }
});

test('knownKeys have no name twice', () => {
  const names = knownKeys.flatMap(namesOf);
  expect(new Set(names).size).toBe(names.length);
});
