/**
 * A server that was told nothing about nodes, with a release that has several profiles: a store holds no assignment,
 * so that whoever serves one that was copied has to bring it. Told once.
 */
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';
import type { WarningEvent } from '../events.js';
import type { Assigner } from './assigner.js';
import type { DecisionTable } from './decision-table.js';

/** @returns to be called with each release that becomes current */
export function unassignedWarner(
  assigner: Assigner,
  onWarning: (event: WarningEvent) => void,
): (release: ReleaseManifest | undefined) => void {
  let told = false;
  return (release) => {
    if (told || assigner.isTold) return;
    const message = explainUnassigned(assigner.tableFor(release));
    if (message === undefined) return;
    told = true;
    const hint =
      '--assign <file> follows a boot-profiles.yml, --profile <name> gives every node this profile';
    onWarning({ type: 'warning', code: 'NODES_UNASSIGNED', message, hint });
  };
}

/** Undefined where there is nothing to choose, or a release of version 1 names nodes itself. Pure. */
function explainUnassigned({
  release,
  nodes,
  fallback,
  profiles,
}: DecisionTable): string | undefined {
  if (release === undefined || fallback === undefined || nodes.size > 0) return undefined;
  const others = [...profiles].flatMap(([name, problem]) =>
    problem === undefined && name !== fallback.profile ? [`"${name}"`] : [],
  );
  if (others.length === 0) return undefined;
  return `Cannot tell nodes apart: nothing says which node gets which profile, so all get "${fallback.profile}" of release ${release}, and none gets ${others.join(', ')}`;
}
