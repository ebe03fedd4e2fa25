/**
 * Checks what is read back from files and requests against a schema (valibot), in one style:
 *
 *   const size = v.pipe(v.number(), v.integer(), v.minValue(0));
 *   const schema: Schema<Sizes> = v.looseObject({ … });
 *   const sizes = parseChecked(text, schema);
 *
 * Objects are loose: fields may be added within a version of a schema, and are kept.
 */
import * as v from 'valibot';

/** What is accepted, and its type. */
export type Schema<T> = v.GenericSchema<unknown, T>;

/** What is so, where: `artifacts[3].size is -1`. For the second half of an OnibError's message. */
export class Unfit extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Unfit';
  }
}

/** Longest value that is shown, in characters. */
const LONGEST_SHOWN = 60;

/** @throws {Unfit} which tells the first thing that is not as the schema says */
export function checked<T>(value: unknown, schema: Schema<T>): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new Unfit(inWords(result.issues[0]));
}

/** @throws {Unfit} also where the text is no JSON */
export function parseChecked<T>(text: string, schema: Schema<T>): T {
  return checked(parseJson(text), schema);
}

/** @throws {Unfit} where the text is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Unfit(`it is not JSON (${(cause as Error).message})`, cause);
  }
}

function inWords(issue: v.BaseIssue<unknown>): string {
  const place = pathOf(issue);
  if (issue.input === undefined) return `${place} is missing`;
  return `${place} is ${shown(issue.input)}, expected ${expectation(issue)}`;
}

/** valibot's own words for what it expects, where others are plainer. */
const plainWords: Readonly<Record<string, string>> = {
  Object: 'an object',
  Array: 'a list',
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
};

function expectation({ expected, message }: v.BaseIssue<unknown>): string {
  // What a schema says itself stands in place of valibot's "Invalid type: Expected … but received …".
  if (!message.startsWith('Invalid ') || expected === null) return message;
  return plainWords[expected] ?? expected.replace(/^\((.*)\)$/, '$1').replaceAll('" | "', '", "');
}

/** `artifacts[3].size`; the whole: `it`. */
function pathOf({ path }: v.BaseIssue<unknown>): string {
  const words = (path ?? []).map(({ key }) =>
    typeof key === 'number' ? `[${String(key)}]` : `.${String(key)}`,
  );
  return words.join('').replace(/^\./, '') || 'it';
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
