/**
 * A node's console as text: firmware clears the screen, moves the cursor and resets the terminal,
 * which would wipe what the user's terminal shows. The scanner takes the escape sequences apart
 * (ECMA-48), across any cut between chunks.
 */

const ESCAPE = 0x1b;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSPACE = 0x08;
const TAB = 0x09;

/** Either bytes of text (control characters included), or one escape sequence without its ESC. */
export type ConsoleToken =
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  | { readonly kind: 'sequence'; readonly sequence: string };

/** Cuts a byte stream into text and escape sequences. */
export class ConsoleScanner {
  #sequence: string | undefined;

  push(chunk: Uint8Array): ConsoleToken[] {
    const tokens: ConsoleToken[] = [];
    let start = 0;
    const text = (end: number): void => {
      if (end > start) tokens.push({ kind: 'text', bytes: chunk.subarray(start, end) });
    };
    for (const [index, byte] of chunk.entries()) {
      if (this.#sequence === undefined) {
        if (byte !== ESCAPE) continue;
        text(index);
        this.#sequence = '';
      } else {
        this.#sequence += String.fromCharCode(byte);
        if (isOpen(this.#sequence)) continue;
        tokens.push({ kind: 'sequence', sequence: this.#sequence });
        this.#sequence = undefined;
        start = index + 1;
      }
    }
    if (this.#sequence === undefined) text(chunk.length);
    return tokens;
  }
}

/** No sequence of a console is longer; what is was broken off, and must not swallow what comes after it. */
const LONGEST_SEQUENCE = 32;
/** Titles, addresses of links and the like. */
const LONGEST_STRING = 1024;

const STRING_ENDS = ['\u001b\\', '\u0007', '\n'];

/**
 * More bytes belong to it: `[` goes up to a final byte 0x40–0x7e, `(` and `)` name a character set. A string (`]` OSC, such as a
 * title or a palette; `P` DCS, `X` SOS, `^` PM, `_` APC) ends with ESC `\\`, or with BEL as xterm has it, or with the line.
 */
function isOpen(sequence: string): boolean {
  if (/^[\]PX^_]/.test(sequence)) {
    return sequence.length <= LONGEST_STRING && !STRING_ENDS.some((end) => sequence.endsWith(end));
  }
  if (sequence.length > LONGEST_SEQUENCE) return false;
  if (sequence.startsWith('[')) return sequence.length === 1 || !/[@-~]$/.test(sequence);
  return sequence === '(' || sequence === ')';
}

/** Cursor to a place, or screen cleared: what comes next is not part of the same line. */
function startsElsewhere(sequence: string): boolean {
  return sequence === 'c' || /^\[[\d;]*[HJf]$/.test(sequence);
}

/** What may be shown on a user's terminal: text and colours; jumps become new lines. */
export class TerminalFilter {
  readonly #scanner = new ConsoleScanner();
  #column = 0;

  push(chunk: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const token of this.#scanner.push(chunk)) {
      if (token.kind === 'text') {
        parts.push(token.bytes);
        this.#column = columnAfter(this.#column, token.bytes);
      } else if (startsElsewhere(token.sequence)) {
        if (this.#column > 0) parts.push(Buffer.from('\r\n'));
        this.#column = 0;
      } else if (/^\[[\d;]*m$/.test(token.sequence)) {
        parts.push(Buffer.from(`\u001b${token.sequence}`));
      }
    }
    return Buffer.concat(parts);
  }
}

function columnAfter(column: number, bytes: Uint8Array): number {
  const lastBreak = Math.max(bytes.lastIndexOf(NEWLINE), bytes.lastIndexOf(RETURN));
  return lastBreak === -1 ? column + bytes.length : bytes.length - lastBreak - 1;
}

/** Whole lines of plain text, for logs and error messages; empty lines are left out. */
export class ConsoleLines {
  readonly #scanner = new ConsoleScanner();
  #line: number[] = [];

  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    const endLine = (): void => {
      const line = Buffer.from(this.#line).toString('utf8').trimEnd();
      if (line !== '') lines.push(line);
      this.#line = [];
    };
    for (const token of this.#scanner.push(chunk)) {
      if (token.kind === 'sequence') {
        if (startsElsewhere(token.sequence)) endLine();
        continue;
      }
      for (const byte of token.bytes) {
        if (byte === NEWLINE) endLine();
        else if (byte === BACKSPACE) this.#line.pop();
        else if (byte >= 0x20 || byte === TAB) this.#line.push(byte);
      }
    }
    return lines;
  }
}
