/** The body of an event that a node posts (`application/x-www-form-urlencoded`), checked. Pure. */
import { isReportedStage, type ReportedStage } from '../../src/contract/stages.js';

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
const NAME = /^[A-Za-z0-9_+~-][A-Za-z0-9._+~-]{0,254}$/;

/** @returns the report, or what is wrong with the body */
export function parseNodeReport(body: string): NodeReport | { readonly problem: string } {
  const fields = new URLSearchParams(body);
  // `failed:<code>` is the contract's short form.
  const [stage, shortCode] = (fields.get('stage') ?? '').split(':', 2);
  if (stage === undefined || !isReportedStage(stage))
    return { problem: 'stage is missing or unknown' };
  const code = fields.get('code') ?? shortCode;
  if (stage === 'failed' && code === undefined) return { problem: 'a failure needs a code' };
  if (code !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(code))
    return { problem: 'code is no code' };

  const uptime = readNumber(fields.get('uptime'), /^\d{1,9}(\.\d{1,6})?$/);
  const bytes = readNumber(fields.get('bytes'), /^\d{1,15}$/);
  if (uptime === 'bad') return { problem: 'uptime is not in seconds' };
  if (bytes === 'bad') return { problem: 'bytes is not a number' };
  // A name that the node does not know yet is empty.
  const names = { profile: fields.get('profile') ?? '', release: fields.get('release') ?? '' };
  for (const [key, value] of Object.entries(names)) {
    if (value !== '' && !NAME.test(value)) return { problem: `${key} is no name` };
  }
  const detail = fields.get('detail');
  return {
    stage,
    ...(stage === 'failed' && code !== undefined ? { code } : {}),
    ...(detail === null || detail === '' ? {} : { detail: plainText(detail, LONGEST_DETAIL) }),
    ...(uptime === undefined ? {} : { uptime }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(names.profile === '' ? {} : { profile: names.profile }),
    ...(names.release === '' ? {} : { release: names.release }),
  };
}

/** Control characters go: the text ends up on terminals and in logs. */
export function plainText(text: string, longest: number): string {
  return text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, longest);
}

function readNumber(value: string | null, form: RegExp): number | undefined | 'bad' {
  if (value === null || value === '') return undefined;
  return form.test(value) ? Number(value) : 'bad';
}
