const LAST_LINES = 15;

/** The last lines of a text, for error details. */
export function lastLines(text: string, count = LAST_LINES): string[] {
  return text.trimEnd().split('\n').slice(-count);
}
