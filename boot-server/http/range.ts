/** Range, If-Range, If-Match and If-None-Match (RFC 9110, sections 13 and 14) for bodies that never change. Pure. */

/** Which bytes to send: `end` is not among them. */
export type Selection =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'precondition-failed' };

export interface ConditionHeaders {
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** @param etag strong, with its quotes */
export function selectBytes(headers: ConditionHeaders, etag: string, size: number): Selection {
  if (headers.ifMatch !== undefined && !listsTag(headers.ifMatch, etag))
    return { kind: 'precondition-failed' };
  if (
    headers.ifNoneMatch !== undefined &&
    listsTag(headers.ifNoneMatch.replaceAll('W/"', '"'), etag)
  ) {
    return { kind: 'not-modified' };
  }
  if (headers.range === undefined) return { kind: 'whole' };
  // A date or a weak tag says nothing sure about bytes: send all of them.
  if (headers.ifRange !== undefined && headers.ifRange !== etag) return { kind: 'whole' };
  return parseRange(headers.range, size);
}

/** One range; what is broken or names several is left aside and the whole is sent, as section 14.2 allows. */
export function parseRange(header: string, size: number): Selection {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header.trim());
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0
      ? { kind: 'unsatisfiable' }
      : { kind: 'part', start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  if (start >= size) return { kind: 'unsatisfiable' };
  return { kind: 'part', start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

function listsTag(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim() === etag);
}
