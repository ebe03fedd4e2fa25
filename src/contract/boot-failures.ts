/**
 * Why a boot can stop: the codes that a node reports as `failed:<code>`, with the words that its console and
 * docs/boot-errors.md have for them. The initrd's failures.table is made from it. Pure.
 */

export interface BootFailure {
  readonly code: string;
  /** What is so. */
  readonly what: string;
  readonly why: string;
  /** What to do. */
  readonly cure: string;
}

/** In the order of a boot. */
export const bootFailures: readonly BootFailure[] = [
  {
    code: 'parameters',
    what: 'the kernel parameters cannot be used',
    why: 'one is missing, or has a form that nobody can read',
    cure: 'compare the boot script that the server sends with the kernel parameters in docs/boot-contract.md',
  },
  {
    code: 'no-nic',
    what: 'the node has no network interface',
    why: 'no driver in the initrd fits the hardware, or a driver lacks its firmware',
    cure: '`lspci -nn` on the node names the card: add its driver to `initrd_modules` in vars/kernel.yml and build the kernel set',
  },
  {
    code: 'boot-nic',
    what: 'no network interface has the MAC address in BOOTIF',
    why: 'its driver is not in the initrd, or BOOTIF names another node',
    cure: 'compare with the addresses on the console; add the driver to `initrd_modules`, or mend the boot profile',
  },
  {
    code: 'no-carrier',
    what: 'the boot NIC has no link',
    why: 'cable, transceiver, or a switch port that is down or blocked',
    cure: 'look at the link lights and the switch port; the initrd waits 90 seconds for a link',
  },
  {
    code: 'vlan',
    what: 'the VLAN cannot be set up',
    why: '`vlan=` has a wrong id or form, or the 8021q module is missing',
    cure: 'use `vlan=<id>` or `vlan=<name>:<device>`, and keep net/8021q in `initrd_modules`',
  },
  {
    code: 'dhcp',
    what: 'no DHCP server answered',
    why: "none in this network, a port still in spanning tree's listening state, or a full address pool",
    cure: "look into the DHCP server's log for the MAC address; switch the port to portfast",
  },
  {
    code: 'address',
    what: 'the address cannot be set',
    why: '`ip=` or the lease holds an address, netmask or gateway that the kernel refuses',
    cure: 'compare the values on the console with the network',
  },
  {
    code: 'manifest-fetch',
    what: 'the boot manifest cannot be fetched',
    why: 'the server is down, not reachable, or does not have it',
    cure: 'open the address from another machine in this network; run `onib status` on the server',
  },
  {
    code: 'manifest-digest',
    what: 'the boot manifest is not the one that was announced',
    why: 'the server changed its release after the node got its script, or something altered it on the way',
    cure: 'boot again; when it stays, look for a proxy between node and server',
  },
  {
    code: 'manifest-format',
    what: 'the boot manifest cannot be read',
    why: 'it is of another version, or a line is broken',
    cure: 'build the kernel set and serve with the same version of onib',
  },
  {
    code: 'kernel-version',
    what: "the running kernel is not the release's kernel",
    why: 'the node got its kernel from another release than its layers',
    cure: 'boot again; when it stays, run `onib status` on the server',
  },
  {
    code: 'memory',
    what: 'the layers do not fit into memory',
    why: 'too little RAM, or too many layers for it',
    cure: 'drop overlays from the boot profile, or give the node more memory',
  },
  {
    code: 'fetch',
    what: 'a layer cannot be fetched',
    why: 'no source has it, or every transfer broke',
    cure: "the console shows each source's answer: see that the servers are up and reachable",
  },
  {
    code: 'digest',
    what: 'a layer is not what the manifest promises',
    why: 'damaged in a cache, on the disk of a server, or on the way',
    cure: 'run `onib verify` on the server; empty the caches in between',
  },
  {
    code: 'modules',
    what: 'a kernel module that a boot needs is missing',
    why: 'loop, squashfs or overlay is not in the initrd',
    cure: 'keep fs/squashfs and fs/overlayfs in `initrd_modules`, and build the kernel set',
  },
  {
    code: 'mount',
    what: 'a squashfs layer cannot be mounted',
    why: 'it is damaged, or compressed in a way that the kernel cannot read',
    cure: "look at the kernel's line above; build the layer again",
  },
  {
    code: 'unpack',
    what: 'an overlay cannot be unpacked',
    why: 'its archive is damaged, or memory ran out',
    cure: 'look at the line above; build the overlay again',
  },
  {
    code: 'xattrs',
    what: 'extended attributes of an overlay cannot be restored',
    why: "the kernel refuses one of them, or the overlay's list is broken",
    cure: 'look at the line above; build the overlay again',
  },
  {
    code: 'stack',
    what: 'the layers cannot be stacked',
    why: 'the overlay module refused them, or the size of the writable layer is wrong',
    cure: "look at the kernel's line above; check `onib.tmpfs`",
  },
  {
    code: 'init',
    what: 'the stacked system has no init',
    why: 'the base is no system image, or an overlay removed or replaced it',
    cure: 'run `onib ls` on the base and the overlays for the path on the console',
  },
  {
    code: 'hook',
    what: 'a hook of the booted node failed',
    why: 'a program in /etc/onib/hooks.d ended with an error',
    cure: 'log in and read `journalctl -u onib-node-agent`',
  },
];

/** Of the initrd: what its console prints from. */
export function failuresTable(): string {
  return [
    '# Why a boot can stop: one line each, "code | what | why | what to do".',
    '# The boot script prints and reports from this table. It is made from src/contract/boot-failures.ts.',
    ...bootFailures.map(({ code, what, why, cure }) => [code, what, why, cure].join(' | ')),
    '',
  ].join('\n');
}
