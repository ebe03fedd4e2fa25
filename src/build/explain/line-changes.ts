/** Which lines of a text are not those of its predecessor. Pure. */
import { diffArrays } from 'diff';

export interface LineChange {
  /** Lines of the newer text, from 1; `last` is `first - 1` where lines only went. */
  readonly first: number;
  readonly last: number;
  /** How many lines of the older text they took the place of. */
  readonly removed: number;
}

/** Lines that come or go; above it the middle of two texts counts as one change, since finding out takes the square of it. */
const MOST_EDITS = 4000;

/** Changes in the order of the newer text. */
export function changedLines(before: string, after: string): LineChange[] {
  const [old, made] = [linesOf(before), linesOf(after)];
  const parts = diffArrays(old, made, { maxEditLength: MOST_EDITS });
  if (parts === undefined) return [middleOf(old, made)];
  const changes: LineChange[] = [];
  let line = 0;
  let open: { removed: number; added: number } | undefined;
  const close = (): void => {
    if (open === undefined) return;
    const { removed, added } = open;
    changes.push({ first: line - added + 1, last: line, removed });
    open = undefined;
  };
  for (const { added, removed, count } of parts) {
    if (added || removed) {
      open ??= { removed: 0, added: 0 };
      if (removed) open.removed += count;
      else open.added += count;
    } else close();
    if (!removed) line += count;
  }
  close();
  return changes;
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** All between what the texts begin and end with alike. */
function middleOf(old: readonly string[], made: readonly string[]): LineChange {
  const shorter = Math.min(old.length, made.length);
  let start = 0;
  while (start < shorter && old[start] === made[start]) start += 1;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === made.at(-1 - end)) end += 1;
  return { first: start + 1, last: made.length - end, removed: old.length - end - start };
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
