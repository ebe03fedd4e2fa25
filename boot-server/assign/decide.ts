/**
 * What a machine boots, and why: the one decision that DHCP, the script route and `onib serve --render`
 * share. Pure.
 */
import type { BootProblem } from '../../src/contract/boot.js';
import type { Choice, DecisionTable, Rule } from './decision-table.js';
import type { Machine } from './machine.js';

/** A profile of a release, or the reason why there is none. */
export type Decision =
  | {
      readonly release: string;
      readonly profile: string;
      readonly rule: Rule;
      /** For a person: what settled it. */
      readonly why: string;
    }
  | {
      readonly problem: BootProblem;
      /** Absent: nothing was there to settle it. */
      readonly rule?: Rule;
      readonly why?: string;
    };

export function decide(machine: Machine, table: DecisionTable): Decision {
  return settle(table.nodes.get(machine.mac) ?? table.fallback, table, machine.mac);
}

/** What machines get that nothing names. */
export function decideForUnnamed(table: DecisionTable): Decision {
  return settle(table.fallback, table, undefined);
}

function settle(
  choice: Choice | undefined,
  table: DecisionTable,
  mac: string | undefined,
): Decision {
  const { release } = table;
  if (release === undefined) {
    return {
      problem: {
        code: 'NO_RELEASE',
        message: 'the store holds no release',
        hint: 'onib build all makes one, onib push copies one',
      },
    };
  }
  if (choice === undefined) {
    const unnamed = mac === undefined ? '' : `nothing names a boot profile for ${mac}, and `;
    return {
      problem: {
        code: 'NO_PROFILE',
        message: `${unnamed}release ${release} ${table.withoutDefault}`,
        hint: 'onib build all makes a bootable release; boot-profiles.yml assigns nodes',
      },
    };
  }
  const { rule, profile, why } = choice;
  const problem = table.profiles.has(profile)
    ? table.profiles.get(profile)
    : unknownProfile(profile, why, release, table);
  return problem === undefined ? { release, profile, rule, why } : { problem, rule, why };
}

function unknownProfile(
  profile: string,
  why: string,
  release: string,
  table: DecisionTable,
): BootProblem {
  const names = [...table.profiles]
    .filter(([, problem]) => problem === undefined)
    .map(([name]) => name);
  return {
    code: 'PROFILE_UNKNOWN',
    message: `release ${release} has no boot profile "${profile}" (${why})`,
    hint: `onib build all makes a release with what is new in boot-profiles.yml; this one has ${names.join(', ') || 'none'}`,
  };
}
