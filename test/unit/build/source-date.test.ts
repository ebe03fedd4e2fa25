import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageDate, SourceDate } from '../../../src/build/step/source-date.js';
import { sourceDate } from '../../../src/facts/gather.js';

let tree: string;

beforeEach(async () => {
  tree = await mkdtemp(path.join(tmpdir(), 'onib-date-'));
});

afterEach(async () => {
  await rm(tree, { recursive: true });
});

/** What dpkg leaves of a package: its list of digests with the package's time, its list of files with that of now. */
async function unpacked(name: string, brought: number, written: number): Promise<void> {
  const info = path.join(tree, 'var/lib/dpkg/info');
  await mkdir(info, { recursive: true });
  for (const [ending, time] of [['md5sums', brought] as const, ['list', written] as const]) {
    await writeFile(path.join(info, `${name}.${ending}`), '');
    await utimes(path.join(info, `${name}.${ending}`), time, time);
  }
}

describe('packageDate()', () => {
  it('is the time of the newest package, whenever it was unpacked', async () => {
    await unpacked('old', 1_600_000_000, 1_790_000_000);
    await unpacked('new:amd64', 1_700_000_000, 1_700_900_000);
    expect(await packageDate(tree)).toBe(1_700_000_000);
  });

  it('does not believe digests that dpkg made itself', async () => {
    await unpacked('without', 1_790_000_001, 1_790_000_000);
    await unpacked('old', 1_600_000_000, 1_790_000_000);
    expect(await packageDate(tree)).toBe(1_600_000_000);
  });

  it('is 0 where there is no package', async () => {
    expect(await packageDate(tree)).toBe(0);
  });
});

describe('SourceDate', () => {
  it('grows with what it sees, from a day that is not the first of 1970', async () => {
    const date = new SourceDate({});
    expect(new Date(date.seconds * 1000).toISOString()).toBe('2025-01-01T00:00:00.000Z');
    await unpacked('old', 1_600_000_000, 1_790_000_000);
    await date.addTree(tree);
    expect(date.environment).toEqual({ SOURCE_DATE_EPOCH: '1600000000' });
  });

  it('is what the user gave', async () => {
    const date = new SourceDate({ 'setting SOURCE_DATE_EPOCH': '1234567890' });
    await unpacked('old', 1_600_000_000, 1_790_000_000);
    await date.addTree(tree);
    expect(date.seconds).toBe(1_234_567_890);
  });
});

describe('sourceDate()', () => {
  it('takes whole seconds, and refuses all else', () => {
    expect(sourceDate({})).toEqual({});
    expect(sourceDate({ SOURCE_DATE_EPOCH: '' })).toEqual({});
    expect(sourceDate({ SOURCE_DATE_EPOCH: '1234567890' })).toEqual({ sourceDate: 1_234_567_890 });
    for (const text of ['yesterday', '-1', '1.5', '99999999999']) {
      expect(() => sourceDate({ SOURCE_DATE_EPOCH: text })).toThrow(`"${text}"`);
    }
  });
});
