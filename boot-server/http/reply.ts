/** What a route answers with: data, sent by `send.ts`. */
import type { ServedObject } from '../objects/served-object.js';

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | ServedObject;
  /** Strong, with quotes: the body never changes under this URL. Absent: it may, at any time. */
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const TYPE = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  html: 'text/html; charset=utf-8',
  bytes: 'application/octet-stream',
  efi: 'application/efi',
} as const;

export function textReply(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, type: TYPE.text, body: `${body}\n`, headers };
}

export function scriptReply(body: string): Reply {
  return { status: 200, type: TYPE.text, body };
}

export function jsonReply(value: unknown): Reply {
  return { status: 200, type: TYPE.json, body: `${JSON.stringify(value)}\n` };
}

/** @param name the friendly name, if it was asked for by one; UEFI HTTP Boot looks at the type */
export function objectReply(object: ServedObject, name = ''): Reply {
  const type = name.endsWith('.efi') ? TYPE.efi : TYPE.bytes;
  return { status: 200, type, body: object, etag: `"${object.sha256}"` };
}

export const notFound = textReply(404, 'not found');
