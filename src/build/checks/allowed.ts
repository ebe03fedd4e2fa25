/** What `hygiene_allow` says of one row of the policy. */
import { compileExclusion, type Exclusion } from '../../archive/tree/exclusion.js';
import type { HygieneAllowed } from '../../policy/image-policy.js';

/** Paths that are allowed by that name: those that a pattern fits, and everything below them. */
export function allowedBy(name: string, allowed: readonly HygieneAllowed[]): Exclusion {
  const patterns = allowed.filter(({ rule }) => rule === name).map(({ path }) => path);
  if (patterns.length === 0) return () => false;
  const fits = compileExclusion(patterns);
  return (path) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (fits(path.slice(0, end))) return true;
    }
    return false;
  };
}
