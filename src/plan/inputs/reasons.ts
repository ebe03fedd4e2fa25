/** Why something is rebuilt: the difference of two lists of inputs, in words. */
import type { Inputs } from './inputs.js';

/** Recorded by the builder beside the planned inputs; compared where the base is known. */
export const BASE_INPUT = 'base';

/** One line per input that differs, sorted by input; empty when nothing does. */
export function inputReasons(recorded: Inputs, planned: Inputs): string[] {
  const names = new Set([...Object.keys(recorded), ...Object.keys(planned)]);
  names.delete(BASE_INPUT);
  return [...names]
    .sort()
    .filter((name) => recorded[name] !== planned[name])
    .map((name) => inWords(name, recorded[name], planned[name]));
}

function inWords(name: string, before: string | undefined, after: string | undefined): string {
  const [word = '', ...rest] = name.split(' ');
  const which = rest.join(' ');
  const what = before === undefined ? 'is new' : after === undefined ? 'is gone' : 'changed';
  switch (word) {
    case 'role':
    case 'file':
      return `${which} ${what}`;
    case 'template':
      return `onib's ${which} ${what}`;
    case 'package':
      return packageReason(which, before, after);
    case 'var':
      return `variable ${which} ${what}`;
    case 'setting':
    case 'tool':
      return `${which}: ${before ?? 'none'} → ${after ?? 'none'}`;
    default:
      return `${name}: ${before ?? 'none'} → ${after ?? 'none'}`;
  }
}

/** A package's input is its version and the digest of its file. */
function packageReason(
  name: string,
  before: string | undefined,
  after: string | undefined,
): string {
  const version = (input: string | undefined): string => input?.split(' ')[0] ?? 'none';
  return version(before) === version(after)
    ? `package ${name} ${version(after)}: another file of the same version`
    : `package ${name} ${version(before)} → ${version(after)}`;
}
