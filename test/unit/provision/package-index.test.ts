import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  debName,
  fieldOf,
  installedPackages,
  packageOfDeb,
  paragraphsOf,
} from '../../../src/provision/apt/package-index.js';

const INDEX = `Package: zstd
Version: 1.5.7+dfsg-1
Description: fast compressor
 with a second line: Package: trap
Filename: pool/main/libz/libzstd/zstd_1.5.7+dfsg-1_amd64.deb

Package: zsh
Version: 5.9-8+b14

Version: 1
Package: late
`;

describe('paragraphsOf()', () => {
  test('paragraphsOf() finds paragraphs by name, wherever the name stands in them', () => {
    const found = paragraphsOf(Buffer.from(INDEX), new Set(['zstd', 'late', 'trap']));
    expect(found.map((one) => fieldOf(one, 'Package'))).toEqual(['zstd', 'late']);
    expect(fieldOf(found[0] ?? '', 'Filename')).toMatch(/^pool\/.*_amd64\.deb$/);
    expect(fieldOf(found[0] ?? '', 'Size')).toBeUndefined();
  });
});

describe('installedPackages()', () => {
  test("installedPackages() agrees with dpkg-query on this machine's own status", () => {
    const format = '${db:Status-Status} ${Package} ${Architecture} ${Version}\n';
    const said = execFileSync('dpkg-query', ['-W', '-f', format], { encoding: 'utf8' });
    const expected = said
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice('installed '.length));
    const status = execFileSync('cat', ['/var/lib/dpkg/status']);
    const found = installedPackages(status).map(
      ({ name, architecture, version }) => `${name} ${architecture} ${version}`,
    );
    expect(new Set(found)).toEqual(new Set(expected));
    expect(found.length).toBe(expected.length);
  });
});

describe('debName()', () => {
  test('debName() is read back by packageOfDeb(), epochs included', () => {
    const one = { name: 'ethtool', version: '1:6.14.2-1', architecture: 'amd64' };
    expect(debName(one)).toBe('ethtool_1%3a6.14.2-1_amd64.deb');
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/);
    fc.assert(
      fc.property(word, fc.stringMatching(/^(\d:)?\d[\w.+~-]{0,8}$/), (name, raw) => {
        const version = raw.replaceAll('_', '');
        const given = { name, version, architecture: 'all' };
        expect(packageOfDeb(debName(given))).toEqual(given);
      }),
    );
  });
});
