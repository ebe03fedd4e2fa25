/** Whether what is pushed becomes current at the far end, and what is written down there of that. Pure. */
import path from 'node:path';
import { OnibError } from '../../core/errors.js';
import { lossInWords, lossLines, lostProfiles } from '../../contract/lost-profiles.js';
import type { ReleaseManifest } from '../../contract/release-manifest.js';
import { newestFirst } from '../releases.js';
import { rolledBackBy, rolledBackText } from '../rolled-back.js';
import type { Install } from './far-scripts.js';
import type { Survey } from './survey.js';

/** `unless-lost`: only where it boots all that the one before boots. */
export type Activate = 'always' | 'never' | 'unless-lost';

export interface SwitchThere extends Pick<Install, 'held' | 'switching'> {
  /** To throw once the release is there. */
  readonly problem?: OnibError;
}

/**
 * The rules of `onib activate` and of builds, for a store that another machine has.
 *
 * @param farName destination as the user wrote it
 */
export function decideSwitch(
  pushed: ReleaseManifest,
  there: Survey,
  { activate, farName, now }: { activate: Activate; farName: string; now: Date },
): SwitchThere {
  if (activate === 'never') return { held: 'pushed with --no-activate' };
  const before = path.basename(there.current);
  const risk = activate === 'unless-lost' ? riskOf(pushed, before, there.manifest) : undefined;
  if (risk !== undefined) {
    const { code, why, details } = risk;
    const what = `Cannot make release "${pushed.id}" current`;
    const problem = new OnibError(code, `${what} at "${farName}": ${why}`, {
      details: [...details, 'the release has arrived, and is kept there'],
      hint: `onib push ${farName} --release ${pushed.id} --activate switches nevertheless`,
    });
    return { held: `${what}: ${why}`, problem };
  }
  const switching = { from: before === '' ? undefined : before, to: pushed.id, now };
  const ids = [...there.releases.filter(({ id }) => id !== pushed.id), pushed]
    .sort(newestFirst)
    .map(({ id }) => id);
  const rolledBack = rolledBackBy(switching, there.rolledBack, ids);
  return {
    held: 'its push broke off before the switch',
    switching: {
      from: there.current,
      ...(rolledBack === undefined ? {} : { rolledBack: rolledBackText(rolledBack) }),
    },
  };
}

/** What nodes lose by the switch, or may lose. */
function riskOf(
  pushed: ReleaseManifest,
  before: string,
  current: Survey['manifest'],
): { code: string; why: string; details: readonly string[] } | undefined {
  if (current === undefined || before === pushed.id) return undefined;
  if (current instanceof OnibError) {
    const why = `nobody knows which profiles nodes would lose, since that of release ${before} there cannot be read`;
    return { code: 'FAR_CURRENT_UNREADABLE', why, details: [current.message] };
  }
  const lost = lostProfiles(current, pushed);
  if (lost.length === 0) return undefined;
  return { code: 'PROFILES_LOST', why: lossInWords(lost, before), details: lossLines(lost) };
}
