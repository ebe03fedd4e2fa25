/** Numbers and tables as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, three digits: `48.8 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** `0.4 s`, `12 s`, `3 min 04 s`, `2 h 05 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/** How long ago, in one unit: `3 minutes`, `2 days`. */
export function formatAge(seconds: number): string {
  const steps = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const;
  for (const [name, length] of steps) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${name}${count === 1 ? '' : 's'}`;
  }
  return 'a moment';
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

export type Align = 'left' | 'right';

/** Columns two spaces apart; no trailing spaces. */
export function formatTable(
  rows: readonly (readonly string[])[],
  align: readonly Align[] = [],
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, visibleWidth(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - visibleWidth(cell));
        return align[column] === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Columns that a text takes, without its control sequences. */
export function visibleWidth(text: string): number {
  // eslint-disable-next-line no-control-regex -- the escape character is what control sequences begin with
  return Array.from(text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')).length;
}

/** Cut to the terminal's width, with an ellipsis; for text without control sequences. */
export function cut(text: string, columns: number): string {
  const letters = Array.from(text);
  return letters.length <= columns
    ? text
    : `${letters.slice(0, Math.max(columns - 1, 0)).join('')}…`;
}
