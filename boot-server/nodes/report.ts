/** The body of an event that a node posts (`application/x-www-form-urlencoded`), checked. Pure. */
import * as v from 'valibot';
import { fileName } from '../../src/contract/forms.js';
import { reportedStages, type ReportedStage } from '../../src/contract/stages.js';
import { checked, Unfit, type Schema } from '../../src/core/checked.js';

export interface NodeReport {
  readonly stage: ReportedStage;
  /** Of `failed` only. */
  readonly code?: string;
  readonly detail?: string;
  /** Seconds since the kernel started. */
  readonly uptime?: number;
  /** Bytes fetched so far. */
  readonly bytes?: number;
  readonly profile?: string;
  readonly release?: string;
}

const LONGEST_DETAIL = 1000;

const decimal = (form: RegExp, what: string): Schema<number> =>
  v.pipe(v.string(), v.regex(form, what), v.transform(Number));

const fields: Schema<NodeReport> = v.object({
  stage: v.picklist(reportedStages, 'a stage of the boot contract'),
  code: v.exactOptional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a code'))),
  detail: v.exactOptional(
    v.pipe(
      v.string(),
      v.transform((text) => plainText(text, LONGEST_DETAIL)),
    ),
  ),
  uptime: v.exactOptional(decimal(/^\d{1,9}(\.\d{1,6})?$/, 'seconds')),
  bytes: v.exactOptional(decimal(/^\d{1,15}$/, 'a number of bytes')),
  profile: v.exactOptional(fileName),
  release: v.exactOptional(fileName),
});

/** @returns the report, or what is wrong with the body */
export function parseNodeReport(body: string): NodeReport | { readonly problem: string } {
  // What the node does not know yet is empty.
  const posted = [...new URLSearchParams(body)].filter(([, value]) => value !== '');
  const { stage: word = '', code: ownCode, ...given } = Object.fromEntries(posted.reverse());
  // `failed:<code>` is the contract's short form; only a failure has a code.
  const [stage, shortCode] = word.split(':', 2);
  const code = stage === 'failed' ? (ownCode ?? shortCode) : undefined;
  if (stage === 'failed' && code === undefined) return { problem: 'a failure needs a code' };
  try {
    return checked({ ...given, stage, ...(code === undefined ? {} : { code }) }, fields);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return { problem: error.message };
  }
}

/** Control characters go: the text ends up on terminals and in logs. */
export function plainText(text: string, longest: number): string {
  return text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, longest);
}
