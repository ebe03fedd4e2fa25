import { describe, expect, test } from 'vitest';
import { explainAptFailure, lacksPackage } from '../../../src/provision/apt/apt-failure.js';

describe('explainAptFailure()', () => {
  test.each([
    [
      'E: Unable to locate package nosuchpackage',
      'PACKAGE_UNKNOWN',
      'Cannot install packages of base "base": the suite has no package "nosuchpackage"',
    ],
    [
      "No package matching 'nosuch' is available",
      'PACKAGE_UNKNOWN',
      'Cannot install packages of base "base": the suite has no package "nosuch"',
    ],
    [
      "E: Package 'gone' has no installation candidate",
      'PACKAGE_UNKNOWN',
      'Cannot install packages of base "base": the suite has no package "gone"',
    ],
    [
      'Err:1 http://mirror.example/debian trixie InRelease\n  Could not connect to mirror.example:80 (192.0.2.1), connection timed out',
      'MIRROR_UNREACHABLE',
      'Cannot install packages of base "base": the package mirror cannot be reached (Could not connect to mirror.example:80 (192.0.2.1), connection timed out)',
    ],
    [
      "E: The repository 'http://mirror.example/debian nosuite Release' does not have a Release file.",
      'SUITE_UNKNOWN',
      'Cannot install packages of base "base": the mirror has no suite "nosuite"',
    ],
    [
      'Failed to fetch x\ndpkg-deb: error: failed to write (No space left on device)',
      'DISK_FULL',
      'Cannot install packages of base "base": the filesystem that trees are built in is full',
    ],
  ])('understands %j', (output, code, message) => {
    expect(explainAptFailure('base "base"', output, 'OTHER')).toMatchObject({ code, message });
  });

  test.each([
    ['E: Unable to locate package nosuch', { file: 'vars/base.yml', line: 4, column: 5 }],
    [
      "E: The repository 'http://m/debian trixi Release' does not have a Release file.",
      { file: 'group_vars/on_imagebuild', line: 5 },
    ],
    ['Could not connect to 127.0.0.1:9', { file: 'hosts', line: 2 }],
    // A package that a role asks for stands in no list of the project.
    ['E: Unable to locate package other', { file: 'vars/base.yml' }],
    ['No space left on device', { file: 'vars/base.yml' }],
  ])('points to the line that caused %j', (output, where) => {
    const places = {
      suite: { file: 'group_vars/on_imagebuild', line: 5 },
      mirror: { file: 'hosts', line: 2 },
      packages: { nosuch: { file: 'vars/base.yml', line: 4, column: 5 } },
    };
    const image = { file: 'vars/base.yml', places };
    expect(explainAptFailure('base "base"', output, 'OTHER', image).where).toEqual(where);
  });

  test('shows the end of an output that it does not understand', () => {
    const error = explainAptFailure('base "base"', 'one\ntwo\n', 'BOOTSTRAP_FAILED', {
      file: 'vars/base.yml',
    });
    expect(error).toMatchObject({
      code: 'BOOTSTRAP_FAILED',
      where: { file: 'vars/base.yml' },
      details: ['one', 'two'],
    });
  });
});

describe('lacksPackage()', () => {
  test.each([
    // ansible.builtin.apt of ansible-core 2.14
    "No package matching 'pv' is available",
    "No package(s) matching 'firmware-*' available",
    'no available installation candidate for pv=1.9',
    // apt 3.0
    'E: Unable to locate package pv',
    "E: Package 'pv' has no installation candidate",
    "E: Version '1.9' for 'pv' was not found",
    'The following packages have unmet dependencies:',
    "E: Couldn't find any package by glob 'pv*'",
  ])('lacksPackage() of: %s', (text) => {
    expect(lacksPackage(`before\n${text}\nafter`)).toBe(true);
  });

  test('lacksPackage() of another failure', () => {
    expect(lacksPackage('E: Sub-process /usr/bin/dpkg returned an error code (1)')).toBe(false);
  });
});
