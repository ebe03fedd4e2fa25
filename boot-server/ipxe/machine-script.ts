/** The script of one machine: what was decided for it, as iPXE runs it. */
import { assembleBoot, isBoot, type Boot, type BootProblem } from '../../src/contract/boot.js';
import type { DecisionTable } from '../assign/decision-table.js';
import { decide, type Decision } from '../assign/decide.js';
import type { Machine } from '../assign/machine.js';
import type { BootManifests } from '../release/boot-manifests.js';
import type { Catalogue } from '../release/catalogue.js';
import { objectSource } from '../../src/contract/urls.js';
import { renderNodeScript, renderProblem } from './scripts.js';

export interface ScriptContext {
  readonly table: DecisionTable;
  readonly catalogue: Catalogue;
  readonly manifests: BootManifests;
  /** Base URL by which the machine reaches the server, without a slash at its end. */
  readonly server: string;
  readonly extraArguments: readonly string[];
}

export interface MachineScript {
  readonly decision: Decision;
  /** Runs the boot, or says on the machine's screen why it cannot. */
  readonly script: string;
  /** Absent: the script boots. */
  readonly problem?: Pick<BootProblem, 'message' | 'hint'> & { readonly code: string };
}

export function machineScript(machine: Machine, context: ScriptContext): MachineScript {
  const decision = decide(machine, context.table);
  const boot = 'problem' in decision ? decision.problem : findBoot(decision, context);
  const rendered = isBoot(boot) ? renderBoot(boot, machine, context) : { problem: boot };
  if ('script' in rendered) return { decision, script: rendered.script };
  const { problem } = rendered;
  const { message, hint } = problem;
  const script = renderProblem({ mac: machine.mac, server: context.server, message, hint });
  return { decision, script, problem };
}

function findBoot(
  decision: Extract<Decision, { profile: string }>,
  { catalogue }: ScriptContext,
): Boot | BootProblem {
  const release = catalogue.releases.get(decision.release);
  const profile = release?.profiles.find(({ name }) => name === decision.profile);
  if (release === undefined || profile === undefined) {
    throw new Error(`release ${decision.release} is not in the catalogue of its decision`);
  }
  return assembleBoot(release, profile);
}

function renderBoot(
  boot: Boot,
  { mac }: Machine,
  context: ScriptContext,
): { readonly script: string } | { readonly problem: NonNullable<MachineScript['problem']> } {
  const { catalogue, manifests, server, extraArguments } = context;
  const [release, profile] = [boot.release.id, boot.profile.name];
  const manifest = manifests.of(release, profile, catalogue, [objectSource(server)]);
  if (manifest === undefined) throw new Error(`no boot manifest of ${release}, ${profile}`);
  const script = renderNodeScript({ boot, manifest, mac, server, extraArguments });
  if (typeof script === 'string') return { script };
  return {
    problem: {
      code: 'KERNEL_ARGUMENTS',
      message: `boot profile "${profile}": ${script.problem}`,
      hint: 'change the arguments in boot-profiles.yml, then onib build all',
    },
  };
}
