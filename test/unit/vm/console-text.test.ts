import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ConsoleLines,
  ConsoleScanner,
  TerminalFilter,
} from '../../../src/vm/console/console-text.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const shown = (...chunks: string[]): string => {
  const filter = new TerminalFilter();
  return chunks.map((chunk) => Buffer.from(filter.push(bytes(chunk))).toString()).join('');
};
const lines = (...chunks: string[]): string[] => {
  const collector = new ConsoleLines();
  return chunks.flatMap((chunk) => collector.push(bytes(chunk)));
};

/** Start of SeaBIOS and of OVMF, as their serial consoles send it. */
const SEABIOS = '\u001bc\u001b[?7l\u001b[2J\u001b[0mSeaBIOS (version 1.16.2)\r\n';
const OVMF = '\u001b[2J\u001b[01;01H\u001b[=3h\u001b[2J\u001b[01;01H\r\n>>Start PXE over IPv4.';

describe('TerminalFilter', () => {
  it('TerminalFilter.push() leaves out what would wipe the terminal', () => {
    expect(shown(SEABIOS)).toBe('\u001b[0mSeaBIOS (version 1.16.2)\r\n');
    expect(shown(OVMF)).toBe('\r\n>>Start PXE over IPv4.');
  });

  it('TerminalFilter.push() keeps colours', () => {
    const green = '[\u001b[0;32m  OK  \u001b[0m] Started\r\n';
    expect(shown(green)).toBe(green);
  });

  it('TerminalFilter.push() begins a new line where the cursor jumps', () => {
    expect(shown('abc\u001b[05;01Hdef')).toBe('abc\r\ndef');
    expect(shown('abc\r\n\u001b[05;01Hdef')).toBe('abc\r\ndef');
  });

  it('TerminalFilter.push() shows the same however the bytes are cut', () => {
    const piece = fc.constantFrom(
      '\u001b[2J',
      '\u001bc',
      '\u001b[1;31m',
      'text',
      '\r\n',
      'ü',
      '\u001b(B',
      '\u001b]104\u0007',
      '\u001b]0;title\u001b\\',
    );
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(40)), (pieces, cuts) => {
        const all = bytes(pieces.join(''));
        const whole = Buffer.from(new TerminalFilter().push(all));
        const filter = new TerminalFilter();
        const places = [0, ...cuts.filter((cut) => cut < all.length), all.length].sort(
          (a, b) => a - b,
        );
        const parts = places
          .slice(1)
          .map((end, index) => filter.push(all.subarray(places[index], end)));
        expect(Buffer.concat(parts).equals(whole)).toBe(true);
      }),
    );
  });
});

describe('ConsoleLines', () => {
  it('ConsoleLines.push() gives whole lines of plain text', () => {
    expect(lines(SEABIOS, 'half')).toEqual(['SeaBIOS (version 1.16.2)']);
    expect(lines('a\u001b[', '0mb\r', '\nc\n')).toEqual(['ab', 'c']);
  });

  it('ConsoleLines.push() takes back what was erased with backspaces', () => {
    expect(lines('10%\b\b\b20%\n')).toEqual(['20%']);
  });

  it('ConsoleLines.push() leaves out strings of the terminal, such as titles and palettes', () => {
    const reset = '\u001b]104\u0007';
    const title = '\u001b]0;root@node: ~\u0007';
    const link = '\u001b]8;;http://x/\u001b\\shown\u001b]8;;\u001b\\';
    expect(lines(`${reset}[  OK  ] Started${title}\n`, `${link}\n`)).toEqual([
      '[  OK  ] Started',
      'shown',
    ]);
    expect(lines('a\u001b]10', '4\u001b', '\\b\n')).toEqual(['ab']);
    expect(lines('\u001bP+q6e\u001b\\c\n')).toEqual(['c']);
  });

  it('ConsoleLines.push() ends a string that was broken off with its line', () => {
    expect(lines('\u001b]0;broken\nnext\n')).toEqual(['next']);
  });
});

describe('ConsoleScanner', () => {
  it('ConsoleScanner.push() does not swallow a console that breaks a sequence off', () => {
    const scanner = new ConsoleScanner();
    const tokens = scanner.push(bytes(`\u001b[${'1;'.repeat(40)}text`));
    expect(tokens.some((token) => token.kind === 'text')).toBe(true);
  });
});
