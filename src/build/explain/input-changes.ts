/** What differs between two lists of inputs, with the lines of texts. */
import type { Inputs } from '../../plan/inputs/inputs.js';
import { inputReasons } from '../../plan/inputs/reasons.js';
import { changedLines, linesInWords, type LineChange } from './line-changes.js';

export interface InputChange {
  /** As the manifest names it. */
  readonly input: string;
  /** One line for a person: `roles/x/tasks/main.yml changed: lines 12–14`. */
  readonly text: string;
  readonly before?: string;
  readonly after?: string;
  /** Where both texts are known. */
  readonly lines?: readonly LineChange[];
}

/** The text of an input by its digest, where it can be had. */
type ReadText = (name: string, digest: string) => Promise<string | undefined>;

/** Inputs that differ, by name, with the lines of those whose texts can be read. */
export async function changesBetween(
  before: Inputs,
  after: Inputs,
  textBefore: ReadText,
  textAfter: ReadText,
): Promise<InputChange[]> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changes: InputChange[] = [];
  for (const input of names) {
    const [old, made] = [before[input], after[input]];
    if (old === made) continue;
    const [words = 'its base image changed'] = inputReasons(
      old === undefined ? {} : { [input]: old },
      made === undefined ? {} : { [input]: made },
    );
    const lines =
      old === undefined || made === undefined
        ? []
        : linesBetween(await textBefore(input, old), await textAfter(input, made));
    changes.push({
      input,
      text: lines.length === 0 ? words : `${words}: ${linesInWords(lines)}`,
      ...(old === undefined ? {} : { before: old }),
      ...(made === undefined ? {} : { after: made }),
      ...(lines.length === 0 ? {} : { lines }),
    });
  }
  return changes;
}

function linesBetween(before: string | undefined, after: string | undefined): LineChange[] {
  return before === undefined || after === undefined ? [] : changedLines(before, after);
}
