/** Which lines of a text are not those of its predecessor. Pure. */

export interface LineChange {
  /** Lines of the newer text, from 1; `last` is `first - 1` where lines only went. */
  readonly first: number;
  readonly last: number;
  /** How many lines of the older text they took the place of. */
  readonly removed: number;
}

/** Above it the middle of two texts counts as one change: a table of all pairs would be too large. */
const MAX_PAIRS = 4_000_000;

/** Changes in the order of the newer text. */
export function changedLines(before: string, after: string): LineChange[] {
  const [old, made] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < old.length && start < made.length && old[start] === made[start]) start += 1;
  let end = 0;
  while (
    end < old.length - start &&
    end < made.length - start &&
    old[old.length - 1 - end] === made[made.length - 1 - end]
  ) {
    end += 1;
  }
  const [left, right] = [old.slice(start, old.length - end), made.slice(start, made.length - end)];
  if (left.length === 0 && right.length === 0) return [];
  if (left.length * right.length > MAX_PAIRS) {
    return [{ first: start + 1, last: start + right.length, removed: left.length }];
  }
  return gaps(left, right, start);
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** What stands between the lines of a longest common subsequence. */
function gaps(left: readonly string[], right: readonly string[], offset: number): LineChange[] {
  const lengths = commonLengths(left, right);
  const at = (row: number, column: number): number => lengths[row]?.[column] ?? 0;
  const changes: LineChange[] = [];
  let [row, column] = [0, 0];
  let [fromRow, fromColumn] = [0, 0];
  const close = (): void => {
    if (row > fromRow || column > fromColumn) {
      changes.push({
        first: offset + fromColumn + 1,
        last: offset + column,
        removed: row - fromRow,
      });
    }
  };
  while (row < left.length && column < right.length) {
    if (left[row] === right[column]) {
      close();
      [row, column] = [row + 1, column + 1];
      [fromRow, fromColumn] = [row, column];
    } else if (at(row + 1, column) >= at(row, column + 1)) row += 1;
    else column += 1;
  }
  [row, column] = [left.length, right.length];
  close();
  return changes;
}

/** Length of the longest common subsequence of what follows each pair of places. */
function commonLengths(left: readonly string[], right: readonly string[]): Uint32Array[] {
  const table = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      const here = table[row];
      const below = table[row + 1];
      if (here === undefined || below === undefined) continue;
      here[column] =
        left[row] === right[column]
          ? (below[column + 1] ?? 0) + 1
          : Math.max(below[column] ?? 0, here[column + 1] ?? 0);
    }
  }
  return table;
}

/** `lines 12–14, line 20, 2 lines gone after line 30`. */
export function linesInWords(changes: readonly LineChange[]): string {
  return changes
    .map(({ first, last, removed }) => {
      if (last < first) {
        return `${String(removed)} ${removed === 1 ? 'line' : 'lines'} gone after line ${String(last)}`;
      }
      return first === last ? `line ${String(first)}` : `lines ${String(first)}–${String(last)}`;
    })
    .join(', ');
}
