/** What is known of a machine that asks: each protocol knows another part of it. Plain data. */

/** What the first script collects of a machine. */
export interface MachineIdentity {
  readonly uuid?: string;
  readonly serial?: string;
  readonly manufacturer?: string;
  readonly product?: string;
  /** iPXE's build architecture: `x86_64`, `i386`, `arm64`. */
  readonly architecture?: string;
  readonly firmware?: 'bios' | 'uefi';
}

export interface Machine extends MachineIdentity {
  /** Lower case, colons. */
  readonly mac: string;
  readonly address?: string;
}
