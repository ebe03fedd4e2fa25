/** The request target (RFC 9112, section 3.2) cut into decoded path segments and a query. Pure. */

export interface Target {
  /** Decoded; never normalised: `..` is a name like any other, and one that nothing has. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/** @returns undefined when it is no target of ours */
export function parseTarget(raw: string): Target | undefined {
  // The absolute form must be understood (section 3.2.2); which host it names is of no concern.
  const target = raw.replace(/^http:\/\/[^/?#]*/i, '') || '/';
  if (!target.startsWith('/')) return undefined;
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  try {
    return {
      segments: path.slice(1).split('/').map(decodeURIComponent),
      query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
    };
  } catch {
    return undefined; // a broken percent escape
  }
}
