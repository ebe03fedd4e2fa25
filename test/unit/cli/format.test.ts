import { describe, expect, it } from 'vitest';
import {
  cut,
  formatAge,
  formatBytes,
  formatSeconds,
  formatTable,
  visibleWidth,
} from '../../../src/cli/show/format.js';

describe('formatBytes()', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [48_812_345, '48.8 MB'],
    [99_960_000, '100 MB'],
    [999_600_000, '1.0 GB'],
    [5e15, '5000 TB'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatSeconds()', () => {
  it.each([
    [0.04, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.6, '1 min 00 s'],
    [184, '3 min 04 s'],
    [7500, '2 h 05 min'],
  ])('writes %d as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});

describe('formatAge()', () => {
  it.each([
    [5, 'a moment'],
    [60, '1 minute'],
    [7300, '2 hours'],
    [200_000, '2 days'],
  ])('writes %d as %s', (seconds, text) => {
    expect(formatAge(seconds)).toBe(text);
  });
});

describe('formatTable()', () => {
  it('aligns columns and leaves no trailing spaces', () => {
    const rows = [
      ['a', '1', ''],
      ['long', '22', 'x'],
    ];
    expect(formatTable(rows, ['left', 'right'])).toEqual(['a      1', 'long  22  x']);
  });

  it('does not count control sequences', () => {
    expect(visibleWidth('\u001b[32mok\u001b[0m')).toBe(2);
  });
});

describe('cut()', () => {
  it('keeps what fits and marks what does not', () => {
    expect(cut('short', 5)).toBe('short');
    expect(cut('longer', 5)).toBe('long…');
  });
});
