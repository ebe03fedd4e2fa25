/** Stages of a boot, in their order (boot contract, "Stages a node reports"). */

/** What initrd and agent report. */
export const reportedStages = [
  'initrd',
  'network',
  'manifest',
  'fetch',
  'verify',
  'mount',
  'switch-root',
  'ready',
  'failed',
] as const;

export type ReportedStage = (typeof reportedStages)[number];
/** `dhcp` and `script` are what the server sees itself. */
export type Stage = 'dhcp' | 'script' | ReportedStage;
