/** Keeps the decision table in step with the current release and with what users assign. */
import type { Assignment } from '../../src/contract/assignment.js';
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';
import { makeDecisionTable, type DecisionTable } from './decision-table.js';

export class Assigner {
  readonly #serverProfile: string | undefined;
  #assignment: Assignment | undefined;
  #release: ReleaseManifest | undefined;
  #table: DecisionTable | undefined;

  constructor(serverProfile: string | undefined, assignment: Assignment | undefined) {
    this.#serverProfile = serverProfile;
    this.#assignment = assignment;
  }

  /** Whether anybody has said what nodes get, at least those that nothing names. */
  get isTold(): boolean {
    return this.#assignment !== undefined || this.#serverProfile !== undefined;
  }

  assign(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#table = undefined;
  }

  /** Made once for a release and an assignment. */
  tableFor(release: ReleaseManifest | undefined): DecisionTable {
    if (this.#table === undefined || this.#release !== release) {
      this.#release = release;
      this.#table = makeDecisionTable(release, this.#assignment, this.#serverProfile);
    }
    return this.#table;
  }
}
