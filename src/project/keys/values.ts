/**
 * Value types of configuration keys: how a value is checked, and how docs and errors call it.
 * A type's `accepts` completes "expected …".
 */
import { isMap } from '../../core/is-map.js';
import { nearest } from '../../core/did-you-mean.js';

/** What is wrong with a value, and where inside it. */
export interface WrongValue {
  /** Completes `Cannot use <key> "<value>": …`. */
  readonly because: string;
  /** What was most likely meant. */
  readonly suggestion?: string;
  /** Steps from the key's value to the wrong part: list indexes. */
  readonly path: readonly number[];
  /** The wrong part itself. */
  readonly value: unknown;
}

export type Checked<T> = { readonly value: T } | { readonly wrong: readonly WrongValue[] };

export interface ValueType<T> {
  /** Completes "expected …" and stands in the reference: `xz, zstd, gzip or lz4`. */
  readonly accepts: string;
  check(value: unknown): Checked<T>;
}

function wrong(value: unknown, because: string, suggestion?: string): { wrong: WrongValue[] } {
  const base = { because, path: [], value };
  return { wrong: [suggestion === undefined ? base : { ...base, suggestion }] };
}

/** A value as an error shows it: short, on one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

/** `a, b or c` */
export function alternatives(words: readonly string[], last = 'or'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): ValueType<T> {
  const accepts = alternatives(words);
  return {
    accepts,
    check(value) {
      const word = words.find((candidate) => candidate === value);
      if (word !== undefined) return { value: word };
      const suggestion = typeof value === 'string' ? nearest(value, words) : undefined;
      return wrong(value, `expected ${accepts}`, suggestion);
    },
  };
}

/** Text of a form. */
export function text(accepts: string, form: RegExp): ValueType<string> {
  return {
    accepts,
    check(value) {
      // `suite: 12` is a number to YAML and never what a text key wants: say so instead of guessing.
      if (typeof value !== 'string')
        return wrong(value, `expected ${accepts}, found ${typeName(value)}`);
      return form.test(value) ? { value } : wrong(value, `expected ${accepts}`);
    },
  };
}

/** Like `text`, for forms that YAML reads as a number: `4096`. */
export function textOrNumber(accepts: string, form: RegExp): ValueType<string> {
  const type = text(accepts, form);
  return {
    accepts,
    check: (value) => type.check(typeof value === 'number' ? String(value) : value),
  };
}

export function integer(from: number, to: number): ValueType<number> {
  const accepts = `a whole number from ${from} to ${to}`;
  return {
    accepts,
    check(value) {
      const fits =
        typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to;
      return fits ? { value } : wrong(value, `expected ${accepts}`);
    },
  };
}

/** `128K`, `1M` or bytes; a power of two between two limits. */
export function powerOfTwoBytes(from: number, to: number): ValueType<number> {
  const accepts = `a power of two from ${from / 1024}K to ${to / 1024}K, such as 128K`;
  return {
    accepts,
    check(value) {
      const bytes = parseBytes(value);
      const fits = bytes >= from && bytes <= to && Number.isInteger(Math.log2(bytes));
      return fits ? { value: bytes } : wrong(value, `expected ${accepts}`);
    },
  };
}

/** `45M`, `1G` or bytes. */
export function bytes(): ValueType<number> {
  const accepts = 'a size such as 45M: bytes, K, M or G (of 1024)';
  return {
    accepts,
    check(value) {
      const size = parseBytes(value);
      return Number.isSafeInteger(size) && size > 0
        ? { value: size }
        : wrong(value, `expected ${accepts}`);
    },
  };
}

function parseBytes(value: unknown): number {
  if (typeof value === 'number') return value;
  const match = typeof value === 'string' ? /^(\d+)([KkMmGg]?)(?:i?B)?$/.exec(value) : null;
  if (match === null) return Number.NaN;
  const units: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
  const unit = units[(match[2] ?? '').toLowerCase()] ?? Number.NaN;
  return Number(match[1]) * unit;
}

/** A map of one word to a value: `log: var/log/x`. */
export function pairOf<const W extends string, V>(
  words: readonly W[],
  type: ValueType<V>,
): ValueType<{ readonly word: W; readonly value: V }> {
  const accepts = `a map of ${alternatives(words)} to ${type.accepts}`;
  return {
    accepts,
    check(value) {
      const entries = isMap(value) ? Object.entries(value) : [];
      const [first] = entries;
      if (first === undefined || entries.length > 1) return wrong(value, `expected ${accepts}`);
      const [key, inner] = first;
      const word = words.find((candidate) => candidate === key);
      if (word === undefined) {
        return wrong(key, `expected one of ${alternatives(words)}`, nearest(key, words));
      }
      return mapChecked(type.check(inner), (checked) => ({ word, value: checked }));
    },
  };
}

/** A list, each entry of one type. */
export function listOf<T>(
  entry: ValueType<T>,
  options: { atLeast?: number } = {},
): ValueType<readonly T[]> {
  const accepts = `a list, each entry ${entry.accepts}`;
  return {
    accepts,
    check(value) {
      if (!Array.isArray(value))
        return wrong(value, `expected ${accepts}, found ${typeName(value)}`);
      if (value.length < (options.atLeast ?? 0)) return wrong(value, 'the list is empty');
      return checkEntries(value, entry);
    },
  };
}

/** One entry, or a list of them. */
export function oneOrMore<T>(entry: ValueType<T>): ValueType<readonly T[]> {
  const list = listOf(entry, { atLeast: 1 });
  return {
    accepts: `${entry.accepts}, or a list of them`,
    check: (value) =>
      Array.isArray(value)
        ? list.check(value)
        : mapChecked(entry.check(value), (single) => [single]),
  };
}

function checkEntries<T>(entries: readonly unknown[], type: ValueType<T>): Checked<T[]> {
  const values: T[] = [];
  const problems: WrongValue[] = [];
  for (const [index, entry] of entries.entries()) {
    const checked = type.check(entry);
    if ('value' in checked) values.push(checked.value);
    else problems.push(...checked.wrong.map((one) => ({ ...one, path: [index, ...one.path] })));
  }
  return problems.length === 0 ? { value: values } : { wrong: problems };
}

/** A value that is kept in another form than it is written in. */
export function converted<T, U>(type: ValueType<T>, change: (value: T) => U): ValueType<U> {
  return { accepts: type.accepts, check: (value) => mapChecked(type.check(value), change) };
}

function mapChecked<T, U>(checked: Checked<T>, change: (value: T) => U): Checked<U> {
  return 'value' in checked ? { value: change(checked.value) } : checked;
}
