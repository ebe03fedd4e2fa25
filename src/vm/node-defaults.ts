/** What a virtual node is where nothing else is said. */

export const NODE_DEFAULTS = {
  /** As QEMU takes it. */
  memory: '2G',
  /** With one a boot takes far longer (docs/boot.md). */
  cpus: 2,
  /** Locally administered; its last three bytes spell "oni". */
  mac: '52:54:00:6f:6e:69',
} as const;

/** Hidden under a tmpfs that only a node's cell sees; no project or store is ever kept there. */
export const PRIVATE_DIRECTORY = '/run/lock';
