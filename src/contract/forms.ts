/** Forms of values that stand in files which onib reads back, as schemas. */
import * as v from 'valibot';
import type { Digest } from '../core/digest.js';
import type { Schema } from '../core/checked.js';

/** What people see in paths and URLs: one path segment, no leading dot, nothing that needs quoting anywhere. */
const FILE_NAME = /^[A-Za-z0-9_+~-][A-Za-z0-9._+~-]{0,254}$/;

export function isFileName(text: string): boolean {
  return FILE_NAME.test(text);
}

export const fileName = v.pipe(v.string(), v.regex(FILE_NAME, 'a name that can stand in a URL'));

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
}

export const digest: Schema<Digest> = v.custom<Digest>(isDigest, 'sha256: and 64 hex digits');

/** Bytes, or another count. */
export const count = v.pipe(v.number(), v.safeInteger('a whole number'), v.minValue(0));

/** `amd64`, `all`. */
export const architecture = v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'a Debian architecture'));

/** Lower case, colons. */
export const mac = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'a MAC address in lower case with colons'),
);

/** ISO 8601, UTC. */
export const time = v.pipe(v.string(), v.isoTimestamp('a time like 2026-11-20T14:05:01.000Z'));
