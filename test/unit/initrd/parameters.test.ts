import { describe, expect, it } from 'vitest';
import { BootScript } from './boot-script.js';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const manifest = `onib.manifest=http://10.0.0.5:8080/v1/manifests/abc onib.digest=${digest}`;

/** Parses a kernel command line and prints what became of it. */
async function parse(commandLine: string, variables: string): Promise<string> {
  await using script = await BootScript.create();
  await script.setCommandLine(commandLine);
  const { stdout, stderr } = await script.run(
    `onib_read_parameters && echo "${variables}" || echo "$onib_code: $onib_detail"`,
  );
  expect(stderr).toBe('');
  return stdout.trimEnd();
}

describe('onib_read_parameters', () => {
  it.each([
    // what is on the line, what is looked at, what it must be
    [manifest, '$onib_manifest_url', 'http://10.0.0.5:8080/v1/manifests/abc'],
    [manifest, '$onib_manifest_digest', digest],
    [`${manifest} onib.server=http://10.0.0.5:8080/`, '$onib_server', 'http://10.0.0.5:8080'],
    [`${manifest} onib.tmpfs=2G`, '$onib_tmpfs', '2G'],
    [`${manifest} onib.tmpfs=75%`, '$onib_tmpfs', '75%'],
    [`${manifest} onib.onfail=retry,reboot`, '$onib_onfail', 'retry,reboot'],
    [`${manifest} BOOTIF=01-52-54-00-AB-CD-EF`, '$onib_bootif', '52:54:00:ab:cd:ef'],
    [`${manifest} BOOTIF=01:52:54:00:ab:cd:ef`, '$onib_bootif', '52:54:00:ab:cd:ef'],
    [`${manifest} BOOTIF=01-00-01-02-03-04-05`, '$onib_bootif', '00:01:02:03:04:05'],
    [`${manifest} BOOTIF=52:54:00:ab:cd:ef`, '$onib_bootif', '52:54:00:ab:cd:ef'],
    [
      `${manifest} nameserver=10.0.0.1 nameserver=10.0.0.2`,
      '$onib_nameservers',
      '10.0.0.1 10.0.0.2',
    ],
    [`${manifest} ip=dhcp vlan=7`, '$onib_ip $onib_vlan', 'dhcp 7'],
    [`${manifest} onib.tmpfs=1G onib.tmpfs=2G`, '$onib_tmpfs', '2G'],
    [`${manifest} -- onib.tmpfs=2G`, '<$onib_tmpfs>', '<>'],
    [`quiet ${manifest} panic=5 xonib.tmpfs=2G onib.tmpfsy=1G`, '<$onib_tmpfs>', '<>'],
    [`${manifest} vlan=$(touch,/tmp/x)*`, '$onib_vlan', '$(touch,/tmp/x)*'],
    [
      'BASEFS=http://10.0.0.5/base.img OVERLAYFS=http://10.0.0.5/o.cpio.gz',
      '$onib_overlayfs',
      'http://10.0.0.5/o.cpio.gz',
    ],
    [
      'BASEFS=http://10.0.0.5/base.img API_CB=10.0.0.5:9080',
      '$onib_server',
      'http://10.0.0.5:9080',
    ],
  ])('onib_read_parameters() reads %j: %s', async (commandLine, variables, expected) => {
    expect(await parse(commandLine, variables)).toBe(expected);
  });

  it.each([
    ['', /^parameters: neither onib\.manifest= nor BASEFS=/],
    ['onib.manifest=http://10.0.0.5/m', /^parameters: .*needs onib\.digest/],
    [
      `onib.manifest=10.0.0.5/m onib.digest=${digest}`,
      /^parameters: onib\.manifest=10\.0\.0\.5\/m is no url$/,
    ],
    [`onib.manifest=ftp://10.0.0.5/m onib.digest=${digest}`, /is no url$/],
    ['onib.manifest=http://10.0.0.5/m onib.digest=sha256:0123', /is no digest$/],
    [`onib.manifest=http://10.0.0.5/m onib.digest=${digest.toUpperCase()}`, /is no digest$/],
    [`${manifest} onib.tmpfs=lots`, /onib\.tmpfs=lots is no size$/],
    [`${manifest} onib.tmpfs=0`, /is no size$/],
    [`${manifest} onib.onfail=panic`, /is no policy$/],
    [`${manifest} BOOTIF=01-52-54-00-AB-CD`, /BOOTIF=.* is no mac$/],
    [`${manifest} BOOTIF=52-54-00-ab-cd-eg`, /is no mac$/],
    [`${manifest} BOOTIF=20-52-54-00-ab-cd-ef`, /is no mac$/],
  ])('onib_read_parameters() refuses %j', async (commandLine, expected) => {
    expect(await parse(commandLine, '')).toMatch(expected);
  });
});

describe('onib_split_ip', () => {
  it.each([
    ['dhcp', '', '', ''],
    [
      '10.0.0.9::10.0.0.1:255.255.255.0:n1:eth1:off:10.0.0.2:10.0.0.3',
      '10.0.0.9',
      'eth1',
      '10.0.0.2 10.0.0.3',
    ],
    [':::::eth1:dhcp', '', 'eth1', ' '],
  ])('onib_split_ip() takes %s apart', async (value, client, device, dns) => {
    await using script = await BootScript.create();
    const { stdout } = await script.run(
      `onib_ip='${value}'; onib_split_ip; echo "$onib_ip_client|$onib_ip_device|$onib_ip_dns"`,
    );
    expect(stdout).toBe(`${client}|${device}|${dns}\n`);
  });

  it.each([
    ['255.255.255.0', '24'],
    ['255.255.252.0', '22'],
    ['0.0.0.0', '0'],
    ['255.255.255.255', '32'],
    ['16', '16'],
  ])('onib_prefix_length() of %s is %s', async (mask, length) => {
    await using script = await BootScript.create();
    expect((await script.run(`onib_prefix_length ${mask}`)).stdout).toBe(`${length}\n`);
  });
});

describe('onib_next_action', () => {
  it.each([
    ['', 'retry retry retry retry retry retry retry'],
    ['retry', 'retry retry retry retry retry retry retry'],
    ['reboot', 'reboot reboot reboot reboot reboot reboot reboot'],
    ['retry,reboot', 'retry retry retry retry retry reboot reboot'],
    ['retry,reboot,shell', 'retry retry retry retry retry reboot shell'],
    ['shell,retry', 'shell retry retry retry retry retry retry'],
  ])('onib_next_action() follows %j', async (policy, expected) => {
    await using script = await BootScript.create();
    const { stdout } = await script.run(
      `for n in 1 2 3 4 5 6 7; do onib_next_action '${policy}' $n; done | xargs`,
    );
    expect(stdout.trim()).toBe(expected);
  });

  it('onib_retry_delay() grows to five minutes, and differs from node to node', async () => {
    await using script = await BootScript.create();
    const { stdout } = await script.run(
      'for n in 1 2 3 6 7 20; do onib_retry_delay $n 52:54:00:00:00:03; done; onib_retry_delay 1 52:54:00:00:00:04',
    );
    expect(stdout.trim().split('\n').map(Number)).toEqual([8, 13, 23, 163, 303, 303, 9]);
  });
});
