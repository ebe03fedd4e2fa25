/**
 * Words of the kernel command line that the initrd reads. Its parameters.table, by which it parses them, is made from
 * this one. Pure.
 */

export interface KernelParameter {
  /** Before the `=`. */
  readonly name: string;
  /** Of the shell. */
  readonly variable: string;
  /** `words`: separated by commas; `list`: may be repeated; of other kinds the last one counts. */
  readonly kind: 'url' | 'digest' | 'size' | 'policy' | 'mac' | 'words' | 'text' | 'list';
  readonly meaning: string;
}

export const kernelParameters: readonly KernelParameter[] = [
  {
    name: 'onib.manifest',
    variable: 'onib_manifest_url',
    kind: 'url',
    meaning: 'address of the boot manifest',
  },
  {
    name: 'onib.digest',
    variable: 'onib_manifest_digest',
    kind: 'digest',
    meaning: 'digest of the boot manifest, `sha256:<64 hex digits>`',
  },
  {
    name: 'onib.server',
    variable: 'onib_server',
    kind: 'url',
    meaning: 'where stages are reported to; optional',
  },
  {
    name: 'onib.tmpfs',
    variable: 'onib_tmpfs',
    kind: 'size',
    meaning:
      'size of the writable layer, bytes with k, m or g, or a percentage of RAM; default 50%',
  },
  {
    name: 'onib.onfail',
    variable: 'onib_onfail',
    kind: 'policy',
    meaning:
      'what to do, in this order, when a boot cannot go on: retry, reboot, shell; default retry',
  },
  {
    name: 'onib.console',
    variable: 'onib_console',
    kind: 'words',
    meaning: 'terminals for messages and the shell, e.g. `ttyS1,tty0`; default every `console=`',
  },
  {
    name: 'BOOTIF',
    variable: 'onib_bootif',
    kind: 'mac',
    meaning: 'MAC address of the NIC that booted, `01-` in front or not, any case, `-` or `:`',
  },
  {
    name: 'ip',
    variable: 'onib_ip',
    kind: 'text',
    meaning:
      '`dhcp`, or `<address>::<gateway>:<netmask>:<hostname>:<device>:<autoconf>:<dns>:<dns>`',
  },
  {
    name: 'vlan',
    variable: 'onib_vlan',
    kind: 'text',
    meaning: 'VLAN on the boot NIC: `<id>`, or `<name>:<device>`',
  },
  {
    name: 'nameserver',
    variable: 'onib_nameservers',
    kind: 'list',
    meaning: 'DNS server, before those that DHCP names',
  },
  {
    name: 'init',
    variable: 'onib_init',
    kind: 'text',
    meaning: 'what the booted system starts with; default /sbin/init',
  },
  {
    name: 'BASEFS',
    variable: 'onib_basefs',
    kind: 'url',
    meaning: 'legacy: address of a base image; nothing checks what comes',
  },
  {
    name: 'OVERLAYFS',
    variable: 'onib_overlayfs',
    kind: 'words',
    meaning: 'legacy: addresses of overlays',
  },
  {
    name: 'API_CB',
    variable: 'onib_api_cb',
    kind: 'text',
    meaning: 'legacy: `<server>:<port>`, stands in for onib.server',
  },
  {
    name: 'SYSLOGSERVER',
    variable: 'onib_syslog',
    kind: 'text',
    meaning: 'legacy: host that gets messages by UDP syslog',
  },
];

/** Of the initrd. */
export function parametersTable(): string {
  return [
    '# Kernel parameters that the boot script reads: one line each, "name | variable | kind | meaning".',
    '# parameters.sh parses /proc/cmdline by this table. It is made from src/contract/kernel-parameters.ts.',
    '# Kinds: url, digest, size, policy, mac, words (comma separated), text; "list" may be repeated.',
    ...kernelParameters.map(({ name, variable, kind, meaning }) =>
      [name, variable, kind, meaning].join(' | '),
    ),
    '',
  ].join('\n');
}
