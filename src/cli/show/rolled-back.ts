/** How it is told that somebody went back to an earlier release. */
import type { RolledBack } from '../../store/rolled-back.js';

/** `rolled back from 20261121T091500Z-77aa since 2026-11-21 10:02:03 UTC`. */
export function rolledBackInWords({ from, since }: RolledBack): string {
  return `rolled back from ${from} since ${since.slice(0, 19).replace('T', ' ')} UTC`;
}

/** For `--json`. */
export function rolledBackObject(
  rolledBack: RolledBack | undefined,
): { readonly from: string; readonly since: string } | null {
  return rolledBack === undefined ? null : { from: rolledBack.from, since: rolledBack.since };
}
