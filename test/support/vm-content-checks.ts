/** What the overlays of each boot profile must have brought into the node. */
import { expect } from 'vitest';
import type { VirtualNode } from '../../src/vm/node.js';
import { outputOf } from './vm-node-checks.js';
import { LATEST, SEEN } from './vm-overlay.js';

type Check = (node: VirtualNode) => Promise<void>;

const discovery: Record<string, Check> = {
  'dmidecode reads the machine’s tables': async (node) => {
    expect(await outputOf(node, 'dmidecode --version')).toMatch(/^\d+\.\d+/);
    expect(await outputOf(node, 'dmidecode -s system-manufacturer')).toBe('QEMU');
  },
  'lldpd runs as the user that its package made': async (node) => {
    expect(await outputOf(node, 'systemctl is-active lldpd')).toBe('active');
    expect(await outputOf(node, 'ps -o user= -C lldpd')).toContain('_lldpd');
  },
  'lshw finds the NIC': async (node) => {
    expect(await outputOf(node, 'lshw -quiet -businfo -class network')).toMatch(/virtio|network/i);
  },
  'lspci, ethtool, smartctl, nvme, hdparm and lsscsi start': async (node) => {
    for (const command of ['lspci', 'ethtool --version', 'smartctl --version', 'nvme version']) {
      await outputOf(node, command);
    }
    await outputOf(node, 'hdparm -V && lsscsi --version');
  },
};

const maintenance: Record<string, Check> = {
  'the tools of both overlays are there': async (node) => {
    await outputOf(node, 'dmidecode --version && sgdisk --version');
    await outputOf(node, 'command -v onib-secure-erase sg_format lldpctl');
  },
  'dpkg of the overlay on top knows its own packages': async (node) => {
    const status = await outputOf(node, "dpkg-query -W -f '${Package} ${Status}\n' lldpd lshw");
    expect(status.match(/install ok installed/g)).toHaveLength(2);
  },
};

const example: Record<string, Check> = {
  'files, template, hook and package are there': async (node) => {
    expect(await outputOf(node, 'example-greeting')).toContain('Hello from an overlay');
    expect(await outputOf(node, 'stat -c %a:%U:%G /etc/onib/hooks.d/50-example')).toBe(
      '755:root:root',
    );
    await outputOf(node, 'test -s /etc/motd && tree --version');
  },
  'a file of the base that the overlay deleted is gone': async (node) => {
    await outputOf(
      node,
      'test -e /run/onib/layers/*-base/etc/issue.net && test ! -e /etc/issue.net',
    );
  },
};

const losable: Record<string, Check> = {
  'owners, modes, times, names and links are those that the provisioner made': async (node) => {
    const stat = async (file: string): Promise<string> =>
      await outputOf(node, `stat -c '%F|%a|%u:%g|%h|%Y' '${file}'`);
    expect(await stat('/srv/owned')).toMatch(/^directory\|2750\|1234:4321\|/);
    expect(await stat('/srv/owned/setuid')).toBe('regular file|4711|0:0|2|1000000000');
    expect(await stat('/srv/owned/fifo')).toMatch(/^fifo\|600\|/);
    expect(await outputOf(node, 'cat /srv/owned/ümlaut')).toBe('name');
    expect(await outputOf(node, 'readlink /srv/link')).toBe('/srv/owned');
    expect(
      await outputOf(
        node,
        'cd /srv/owned && ls -i1 setuid second-name | cut -d" " -f1 | uniq | wc -l',
      ),
    ).toBe('1');
  },
  'a file capability works for a user without any': async (node) => {
    expect(await outputOf(node, 'getcap /usr/local/bin/probe')).toContain('cap_net_raw=ep');
    const as = 'setpriv --reuid 1234 --regid 4321 --clear-groups';
    expect(await outputOf(node, `${as} /usr/local/bin/probe /proc/self/status`)).toMatch(
      /^CapEff:\s+0000000000002000$/m,
    );
  },
  'extended attributes of users are there': async (node) => {
    expect(
      await outputOf(
        node,
        'getfattr --absolute-names --only-values -n user.onib /srv/owned/setuid',
      ),
    ).toBe('grün');
  },
  'everything in the corpus is as the provisioner saw it': async (node) => {
    const seen = await outputOf(node, `wc -l <${SEEN}`);
    // Names, digests and attributes of more than 1800 files.
    expect(Number(seen)).toBeGreaterThan(3700);
    const compare = `sh /srv/describe ${String(LATEST)} >/tmp/seen && diff ${SEEN} /tmp/seen | head -n 40`;
    expect(await outputOf(node, compare)).toBe('');
  },
  'a replaced directory shows nothing of the base’s': async (node) => {
    expect(await outputOf(node, 'ls -A /run/onib/layers/*-base/etc/skel')).toContain('.profile');
    expect(await outputOf(node, 'ls -A /etc/skel')).toBe('only');
    await outputOf(node, 'test ! -e /etc/issue && test ! -e /.onib');
  },
};

/** By profile: what is checked, and how. */
export const CONTENT_CHECKS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  discovery,
  maintenance,
  example,
  losable,
};
