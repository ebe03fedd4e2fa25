import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OnibError } from '../../../src/core/errors.js';
import { parseLock } from '../../../src/lock/file.js';
import { formatLock, type LockedPackage, type PackageLock } from '../../../src/lock/model.js';
import type { Digest } from '../../../src/core/digest.js';

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const digest = hex.map((text): Digest => `sha256:${text}`);
const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/);
const version = fc.stringMatching(/^(\d:)?\d[\w.+~-]{0,8}$/);
const known = fc.record({
  ...{ name, version, digest, architecture: fc.constantFrom('amd64', 'all') },
  size: fc.nat(),
  file: name.map((one) => `pool/main/${one}.deb`),
});
const local = fc.record({ name, version, architecture: fc.constant('amd64') });
const packages: fc.Arbitrary<LockedPackage[]> = fc.array(fc.oneof(known, local), { maxLength: 4 });
const locks: fc.Arbitrary<PackageLock> = fc.dictionary(
  fc.oneof(name, fc.constant('boot loaders')),
  fc.record(
    {
      suite: fc.constantFrom('trixie', 'sid'),
      architecture: fc.constantFrom('amd64', 'arm64'),
      request: digest,
      packages,
    },
    { requiredKeys: ['request', 'packages'] },
  ),
  { maxKeys: 3, noNullPrototype: true },
);

describe('parseLock()', () => {
  test('parseLock() reads what formatLock() writes, and the order of names does not matter', () => {
    fc.assert(
      fc.property(locks, (lock) => {
        expect(parseLock(formatLock(lock))).toEqual(lock);
        const reversed = Object.fromEntries(Object.entries(lock).reverse());
        expect(formatLock(reversed)).toBe(formatLock(lock));
      }),
    );
  });

  const good = formatLock({
    base: {
      request: `sha256:${'0'.repeat(64)}`,
      packages: [
        {
          ...{ name: 'tree', version: '2.2.1-1', architecture: 'amd64', size: 9 },
          ...{
            digest: `sha256:${'1'.repeat(64)}`,
            file: 'pool/main/t/tree/tree_2.2.1-1_amd64.deb',
          },
        },
      ],
    },
  });
  const broken: [string, string][] = [
    ['not YAML', '{'],
    ['empty', ''],
    ['of another schema', good.replace('onib.lock/1', 'onib.lock/9')],
    ['without images', 'schema: onib.lock/1\n'],
    ['with a merge conflict', good.replace('images:', '<<<<<<< HEAD\nimages:')],
    ['with half a digest', good.replace('1'.repeat(64), '1'.repeat(63))],
    ['with a path out of the pool', good.replace('pool/main', '../../etc')],
    ['without a size', good.replace(' 9 ', ' ')],
    ['with a list for an image', good.replace('request:', 'demand:')],
  ];

  test('parseLock() says where a lock is not as it should be', () => {
    expect(() => parseLock(good.replace('1'.repeat(64), '1'.repeat(63)))).toThrow(
      /images\.base\.packages\[0\] is "tree 2\.2\.1-1 .*…, expected a package: name, version/,
    );
    expect(() => parseLock(good.replace('request:', 'demand:'))).toThrow(
      /: images\.base\.request is missing$/,
    );
  });

  test.each(broken)('parseLock() refuses a lock %s', (_, text) => {
    expect(text).not.toBe(good);
    expect(() => parseLock(text)).toThrow(OnibError);
    expect(() => parseLock(text)).toThrow(/^Cannot use "onib\.lock": /);
  });
});
