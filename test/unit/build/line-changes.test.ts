import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedLines, linesInWords } from '../../../src/build/explain/line-changes.js';

const text = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('changedLines()', () => {
  test.each([
    ['nothing', text('a', 'b'), text('a', 'b'), ''],
    ['a line', text('a', 'b', 'c'), text('a', 'x', 'c'), 'line 2'],
    ['lines', text('a', 'b', 'c', 'd'), text('a', 'x', 'y', 'd'), 'lines 2–3'],
    ['new lines', text('a', 'd'), text('a', 'b', 'c', 'd'), 'lines 2–3'],
    ['lines that went', text('a', 'b', 'c', 'd'), text('a', 'd'), '2 lines gone after line 1'],
    ['the first line going', text('a', 'b'), text('b'), '1 line gone after line 0'],
    ['two places', text('a', 'b', 'c', 'd', 'e'), text('A', 'b', 'c', 'd', 'E'), 'line 1, line 5'],
    ['a missing newline at the end', 'a\nb', 'a\nb\n', ''],
    ['everything', text('a'), text('b', 'c'), 'lines 1–2'],
  ])('changedLines() finds %s', (_, before, after, words) => {
    expect(linesInWords(changedLines(before, after))).toBe(words);
  });

  test('changedLines() leaves lines that, with what it names, make the newer text', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const rebuilt: string[] = [];
        let old = 0;
        for (const { first, last, removed } of changedLines(text(...before), text(...after))) {
          while (rebuilt.length < first - 1) rebuilt.push(before[old++] ?? '?');
          rebuilt.push(...after.slice(first - 1, last));
          old += removed;
        }
        rebuilt.push(...before.slice(old));
        expect(rebuilt).toEqual(after);
      }),
    );
  });

  test('changedLines() takes the middle of two huge texts as one change', () => {
    const [one, other] = ['x', 'y'].map((mark) =>
      Array.from({ length: 3000 }, (_, line) => `${mark}${String(line)}`),
    );
    const changes = changedLines(
      text('same', ...(one ?? []), 'end'),
      text('same', ...(other ?? []), 'end'),
    );
    expect(changes).toEqual([{ first: 2, last: 3001, removed: 3000 }]);
  });
});
