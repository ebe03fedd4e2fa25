/**
 * Where a key's value comes from: the vars file over the group's variables. Known keys are read
 * through here, with their aliases, their type and the place of every mistake.
 */
import { hostArchitecture } from './architecture.js';
import { namesOf, rowsOf, type Key, type KeyTable, type ValuesOf } from './key.js';
import { configProblem } from '../yaml/problems.js';
import { shown } from './values.js';
import { isVaulted } from '../vault/vaulted.js';
import type { OnibError, SourcePlace } from '../../core/errors.js';

/** One source of variables. */
export interface Layer {
  readonly values: Readonly<Record<string, unknown>>;
  /** Place of a key's value, or of an entry in it. */
  place(name: string, path?: readonly number[]): SourcePlace;
}

export interface Found<T> {
  readonly value: T;
  /** The name that stands in the file. */
  readonly name: string;
  readonly place: SourcePlace;
  /** Place of an entry of a list. */
  entryPlace(index: number): SourcePlace;
}

/** Reads one key from the first layer that holds it; mistakes go to `problems` and read as absent. */
export function readKey<T>(
  key: Key<T>,
  layers: readonly Layer[],
  problems: OnibError[],
): Found<T> | undefined {
  for (const layer of layers) {
    const names = namesOf(key).filter((name) => isSet(layer.values[name]));
    const [name] = names;
    if (name === undefined) continue;
    reportTwoNames(names, layer, problems);
    const value = substituted(layer.values[name], layers);
    const checked = key.type.check(value);
    if ('value' in checked) {
      const entryPlace = (index: number): SourcePlace => layer.place(name, [index]);
      return { value: checked.value, name, place: layer.place(name), entryPlace };
    }
    for (const wrong of checked.wrong) {
      problems.push(
        configProblem(
          'VALUE',
          `Cannot use ${name}${isVaulted(wrong.value) ? '' : ` "${shown(wrong.value)}"`}: ${because(wrong.value, wrong.because)}`,
          layer.place(name, wrong.path),
          wrong.suggestion === undefined
            ? templateHint(wrong.value)
            : `did you mean "${wrong.suggestion}"?`,
        ),
      );
    }
    return undefined;
  }
  return undefined;
}

/**
 * Reads every key of a table, with standard values where nobody sets one.
 *
 * @param architecture What standard values may follow from; default: this machine's.
 */
export function readTable<Table extends KeyTable>(
  table: Table,
  layers: readonly Layer[],
  problems: OnibError[],
  architecture = hostArchitecture(),
): ValuesOf<Table> {
  const values = rowsOf(table).flatMap(([field, key]): [string, unknown][] => {
    const value = readKey(key, layers, problems)?.value ?? standardOf(key, architecture);
    return value === undefined ? [] : [[field, value]];
  });
  return Object.fromEntries(values) as ValuesOf<Table>;
}

function standardOf({ standard }: Key<unknown>, architecture: string): unknown {
  return typeof standard === 'function'
    ? (standard as (of: string) => unknown)(architecture)
    : standard;
}

/** `key:` with nothing behind it means that it is not set. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function because(value: unknown, otherwise: string): string {
  if (isVaulted(value)) return 'it is encrypted, and onib reads this key before Ansible runs';
  return holdsTemplate(value) ? 'onib reads this key before Ansible runs' : otherwise;
}

function templateHint(value: unknown): string | undefined {
  return holdsTemplate(value)
    ? 'write the value itself, or {{ name }} of a variable that holds it as text'
    : undefined;
}

function holdsTemplate(value: unknown): boolean {
  return typeof value === 'string' && /\{[{%]/.test(value);
}

/** Two names of one key in one file: harmless only while they agree. */
function reportTwoNames(names: readonly string[], layer: Layer, problems: OnibError[]): void {
  const [first = '', second] = names;
  if (second === undefined) return;
  if (JSON.stringify(layer.values[first]) === JSON.stringify(layer.values[second])) return;
  problems.push(
    configProblem(
      'TWO_NAMES',
      `Cannot use ${second} "${shown(layer.values[second])}": ${first} says "${shown(layer.values[first])}", and both mean the same`,
      layer.place(second),
      `keep ${first} alone`,
    ),
  );
}

const REFERENCE = /\{\{\s*([A-Za-z_]\w*)\s*\}\}/g;
const MAX_REFERENCES = 8;

/**
 * `{{ name }}` of another variable is filled in, as users of on-imagebuilder write
 * `debootstrap_apt_server: "{{ apt_server }}"`. Anything that needs Jinja2 is left as it is, and
 * fails the key's check.
 */
function substituted(value: unknown, layers: readonly Layer[]): unknown {
  let result = value;
  for (let round = 0; round < MAX_REFERENCES && typeof result === 'string'; round += 1) {
    const before: string = result;
    result = before.replaceAll(REFERENCE, (whole, name: string) => {
      const found = layers.map((layer) => layer.values[name]).find(isSet);
      return typeof found === 'string' || typeof found === 'number' ? String(found) : whole;
    });
    if (result === before) break;
  }
  return result;
}
