import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { installCommand, mergeFixes } from '../../../src/cli/doctor/fixes.js';
import { releaseFileOf } from '../../../src/cli/doctor/mirror.js';
import { isAtLeast, PROGRAMS, versionIn } from '../../../src/cli/doctor/programs.js';
import { packagePath } from '../../../src/core/package.js';

describe('versionIn()', () => {
  it.each([
    ['ansible-playbook [core 2.14.18]\n  config file = None', '2.14.18'],
    ['mmdebstrap 1.3.5', '1.3.5'],
    ['QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)', '7.2.22'],
    ['Dnsmasq version 2.90  Copyright (c) 2000-2024 Simon Kelley', '2.90'],
  ])('finds the version in %j', (text, version) => {
    expect(versionIn(text)).toBe(version);
  });
});

describe('isAtLeast()', () => {
  it('compares numbers, not letters', () => {
    expect(isAtLeast('2.14.18', '2.14')).toBe(true);
    expect(isAtLeast('2.9.27', '2.14')).toBe(false);
    expect(isAtLeast('3.0', '2.14')).toBe(true);
    expect(isAtLeast('7', '7.0')).toBe(true);
  });
});

describe('mergeFixes()', () => {
  it('installs all packages at once, after refreshing the lists, each command once', () => {
    const fixes = [
      installCommand('mmdebstrap'),
      'modprobe overlay',
      installCommand('ansible'),
      'modprobe overlay',
    ];
    expect(mergeFixes(fixes)).toEqual([
      'apt-get update',
      installCommand('mmdebstrap', 'ansible'),
      'modprobe overlay',
    ]);
    expect(mergeFixes([])).toEqual([]);
  });
});

describe('releaseFileOf()', () => {
  it.each([
    [
      'deb http://mirror.test/debian trixie main',
      'http://mirror.test/debian/dists/trixie/InRelease',
    ],
    ['deb [trusted=yes] http://m.test/d/ x main', 'http://m.test/d/dists/x/InRelease'],
    ['deb http://m.test/flat ./', 'http://m.test/flat/./InRelease'],
    ['deb copy:/srv/debian trixie main', undefined],
  ])('of %j is %j', (line, url) => {
    expect(releaseFileOf(line)).toBe(url);
  });
});

describe('PROGRAMS', () => {
  it('names only packages that set-up installs', () => {
    const listed = readFileSync(packagePath('debian-packages.txt'), 'utf8')
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim());
    for (const program of PROGRAMS) expect(listed).toContain(program.package);
  });
});
