/** Which node gets which boot profile: written by a user, followed by the boot server. Plain data. */

export interface NodeAssignment {
  /** Lower case, colons. */
  readonly mac: string;
  /** Name of a boot profile; whether the release has it shows when the node asks. */
  readonly profile: string;
  /** Where it is written: `boot-profiles.yml:12:9`. */
  readonly place: string;
}

export interface Assignment {
  /** What it was read from, for messages. */
  readonly file: string;
  /** Each MAC once. */
  readonly nodes: readonly NodeAssignment[];
  /** Profile of all other nodes; absent: the release's own default. */
  readonly defaultProfile?: string;
}
