/** Configuration and facts to a plan: which steps, in which order, and why. */
import { deepFreeze } from '../core/freeze.js';
import type { Config } from '../project/config.js';
import { candidatesOf } from './candidates.js';
import { contextOf } from './context.js';
import type { Facts } from './facts.js';
import type { Plan } from './plan.js';
import { LOADERS_TITLE } from './products.js';
import { profileChanges } from './profile-changes.js';
import { releaseContent } from './release-content.js';
import { takeKnown } from './reuse.js';
import { sortOut } from './sort-out.js';
import { planSteps } from './steps.js';
import type { Wanted } from './wanted-images.js';

/**
 * Plans a build. Pure: the same arguments give the same plan.
 *
 * @throws {OnibErrors} when `wanted` names what the project does not have (exit 2).
 */
export function makePlan(config: Config, facts: Facts, wanted: Wanted): Plan {
  const context = contextOf(config, facts, wanted);
  const candidates = candidatesOf(context);
  const known = context.force ? [] : (facts.known ?? []);
  const { artifacts, taken } = takeKnown(facts.current ?? [], known, candidates);
  const steps = planSteps(candidates, artifacts, context);
  const planned = {
    ...sortOut(artifacts, steps, config),
    profiles: config.profiles,
    ...(config.defaultProfile === undefined ? {} : { defaultProfile: config.defaultProfile }),
  };
  const changesArtifacts = steps.length + taken.length + planned.drop.length > 0;
  return deepFreeze({
    root: config.root,
    store: config.settings.artifactPath,
    buildRootSize: config.settings.buildRootSize,
    lockNames: [...config.images.map(({ name }) => name), LOADERS_TITLE],
    steps,
    reuse: taken,
    ...planned,
    profileChanges:
      changesArtifacts || facts.currentProfiles === undefined
        ? []
        : profileChanges(facts.currentProfiles, releaseContent(planned, [])),
  });
}
