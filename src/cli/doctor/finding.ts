/** What one check of this host found. */

export type Purpose = 'all' | 'build' | 'serve' | 'boot';

export type State =
  | 'ok'
  /** Works, but the user should know. */
  | 'note'
  /** onib cannot do its work without it. */
  | 'lacks';

export interface Finding {
  readonly state: State;
  /** What was seen: a version, a size, the end of an error. */
  readonly seen: string;
  /** Command that mends it; with `state` ok there is none. */
  readonly fix?: string;
}

export interface CheckResult extends Finding {
  readonly name: string;
  readonly purpose: Purpose;
}

export interface Check {
  readonly name: string;
  readonly purpose: Purpose;
  /** Does the real thing, bounded in time; never throws for what the host lacks. */
  readonly probe: () => Promise<Finding>;
}

export function ok(seen: string): Finding {
  return { state: 'ok', seen };
}

export function lacks(seen: string, fix?: string): Finding {
  return fix === undefined ? { state: 'lacks', seen } : { state: 'lacks', seen, fix };
}

export function note(seen: string, fix?: string): Finding {
  return fix === undefined ? { state: 'note', seen } : { state: 'note', seen, fix };
}
