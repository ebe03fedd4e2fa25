import { expect, test } from 'vitest';
import type { Digest } from '../../../src/core/digest.js';
import { LockBook, type BookedStep } from '../../../src/lock/book.js';
import type { ImageLock, LockedPackage, PackageLock } from '../../../src/lock/model.js';

const settings = { suite: 'trixie', architecture: 'amd64' };
const base: BookedStep = { title: 'base image base', lockName: 'base', settings };
const overlay: BookedStep = { title: 'overlay tools', lockName: 'tools', settings };

function packageOf(name: string, version: string): LockedPackage {
  return { name, version, architecture: 'amd64' };
}

function entry(...packages: readonly LockedPackage[]): ImageLock {
  return { ...settings, request: 'sha256:old', packages };
}

function bookOf(before: PackageLock): LockBook {
  return new LockBook({
    steps: [base, overlay],
    lockNames: ['base', 'tools', 'other'],
    before,
    requestOf: ({ lockName }, packages): Digest =>
      `sha256:${lockName} over ${String(packages.get('base')?.map(({ version }) => version))}`,
  });
}

test('LockBook.record() tells what changed since the lock', () => {
  const book = bookOf({ base: entry(packageOf('curl', '1'), packageOf('gone', '1')) });
  expect(book.record(base, [packageOf('curl', '2'), packageOf('new', '1')])).toEqual([
    { package: 'curl', before: '1', after: '2' },
    { package: 'gone', before: '1' },
    { package: 'new', after: '1' },
  ]);
  expect(bookOf({}).record(base, [])).toEqual([]);
});

test('LockBook.lock has the steps that ended, and others as they were', () => {
  const other = entry(packageOf('other', '1'));
  const tools = entry(packageOf('ethtool', '1'));
  const book = bookOf({ other, tools, 'not in the project': tools });
  book.record(base, [packageOf('curl', '2')]);
  book.record(overlay, [packageOf('ethtool', '2')]);
  book.end(base.title);
  expect(book.lock).toEqual({
    other,
    tools,
    base: { ...settings, request: 'sha256:base over 2', packages: [packageOf('curl', '2')] },
  });
  book.end(overlay.title);
  expect(book.lock.tools).toEqual({
    ...settings,
    request: 'sha256:tools over 2',
    packages: [packageOf('ethtool', '2')],
  });
});

test('LockBook.lock keeps the packages of a step that ended without naming any', () => {
  const book = bookOf({ base: entry(packageOf('curl', '1')) });
  book.end(base.title);
  expect(book.lock.base).toEqual({
    ...settings,
    request: 'sha256:base over 1',
    packages: [packageOf('curl', '1')],
  });
});
