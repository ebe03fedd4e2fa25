import { mkdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BootScript } from './boot-script.js';

/** NICs as sysfs shows them: a loopback, two cards, a VLAN on the second. */
async function withNics(script: BootScript): Promise<void> {
  const nics: Record<string, readonly [string, string]> = {
    lo: ['772', '00:00:00:00:00:00'],
    eth0: ['1', '52:54:00:00:00:01'],
    eth1: ['1', '52:54:00:00:00:02'],
  };
  for (const [name, [type, address]] of Object.entries(nics)) {
    await script.write(`sys/class/net/${name}/type`, `${type}\n`);
    await script.write(`sys/class/net/${name}/address`, `${address}\n`);
    await script.write(`sys/class/net/${name}/carrier`, name === 'eth1' ? '1\n' : '0\n');
  }
  await script.write('sys/class/net/aaa7/type', '1\n');
  await script.write('sys/class/net/aaa7/address', '52:54:00:00:00:02\n');
  await mkdir(script.path('sys/class/net/aaa7/lower_eth1'));
  await script.write('sys/class/net/wlan0/type', '1\n');
  await mkdir(script.path('sys/class/net/wlan0/phy80211'));
}

describe('choice of the NIC', () => {
  it('onib_list_nics() leaves out loopback, wireless and what is stacked on a NIC', async () => {
    await using script = await BootScript.create();
    await withNics(script);
    expect((await script.run('onib_list_nics')).stdout).toBe('eth0\neth1\n');
  });

  it('onib_nic_with_mac() finds the NIC itself', async () => {
    await using script = await BootScript.create();
    await withNics(script);
    expect((await script.run('onib_nic_with_mac 52:54:00:00:00:02')).stdout).toBe('eth1\n');
  });

  it('onib_choose_nics() names the addresses that are there when none is the one', async () => {
    await using script = await BootScript.create();
    await withNics(script);
    await script.setCommandLine('BASEFS=http://10.0.0.5/b BOOTIF=01-52-54-00-00-00-0f');
    const { stdout } = await script.run(
      'ONIB_NIC_WAIT=0; onib_read_parameters && onib_choose_nics || echo "$onib_code: $onib_detail"',
    );
    expect(stdout.trim()).toBe(
      'boot-nic: BOOTIF is 52:54:00:00:00:0f; there are: eth0 52:54:00:00:00:01, eth1 52:54:00:00:00:02',
    );
  });

  it('onib_choose_nics() tells a node without NICs from one with the wrong ones', async () => {
    await using script = await BootScript.create();
    await mkdir(script.path('sys/class/net'), { recursive: true });
    await script.setCommandLine('BASEFS=http://10.0.0.5/b BOOTIF=01-52-54-00-00-00-0f');
    const { stdout } = await script.run(
      'ONIB_NIC_WAIT=0; onib_read_parameters && onib_choose_nics || echo "$onib_code"',
    );
    expect(stdout.trim()).toBe('no-nic');
  });

  it('onib_with_link() prints the NICs that have one', async () => {
    await using script = await BootScript.create();
    await withNics(script);
    expect((await script.run('onib_with_link eth0 eth1')).stdout).toBe('eth1\n');
    expect((await script.run('onib_with_link eth0')).status).toBe(1);
  });
});

describe('leases', () => {
  it('dhcp-event writes what the boot script reads, and evaluates nothing', async () => {
    await using script = await BootScript.create();
    const { stdout, stderr } = await script.run(`
      export ip=10.0.0.9 mask=24 router='10.0.0.1 10.0.0.2' dns='10.0.0.3 10.0.0.4' lease=600
      export hostname='$(touch "$ONIB_RUN/hit")' domain="$(printf 'a\\nip 6.6.6.6')" ONIB_RUN
      sh "$ONIB_LIB/dhcp-event" bound
      onib_reset_lease; onib_read_lease "$ONIB_RUN/lease"
      echo "$onib_address/$onib_prefix $onib_gateway|$onib_dns|$onib_lease|$onib_hostname|$onib_domain"
      onib_mac=52:54:00:00:00:01; onib_choose_hostname; echo "$onib_hostname"; ls "$ONIB_RUN"`);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      '10.0.0.9/24 10.0.0.1|10.0.0.3 10.0.0.4|600|$(touch "$ONIB_RUN/hit")|aip 6.6.6.6',
      'node-525400000001',
      'lease',
      '',
    ]);
  });

  it('onib_write_networkd() hands a DHCP address over with the same client id', async () => {
    await using script = await BootScript.create();
    await script.run(
      "onib_nic=eth1 onib_vlan_id='' onib_nameservers=10.0.0.3 onib_ip_client=''; onib_write_networkd",
    );
    expect(await readFile(script.path('networkd/05-onib-boot.network'), 'utf8')).toBe(
      `[Match]\nName=eth1\n\n[Network]\nKeepConfiguration=static\nDNS=10.0.0.3\nDHCP=ipv4\n\n` +
        `[DHCPv4]\nClientIdentifier=mac\nUseDomains=yes\n`,
    );
  });

  it('onib_write_networkd() hands a static address and a VLAN over', async () => {
    await using script = await BootScript.create();
    await script.run(
      "onib_ip='10.0.0.9::10.0.0.1:255.255.255.0:n1::off:10.0.0.3'; onib_split_ip; onib_reset_lease; onib_lease_from_ip; " +
        'onib_nic=vlan7 onib_vlan_id=7 onib_vlan_link=eth1; onib_write_networkd',
    );
    expect(await readFile(script.path('networkd/05-onib-boot.network'), 'utf8')).toBe(
      `[Match]\nName=vlan7\n\n[Network]\nKeepConfiguration=static\nDHCP=no\nAddress=10.0.0.9/24\nGateway=10.0.0.1\nDNS=10.0.0.3\n`,
    );
    expect(await readFile(script.path('networkd/05-onib-boot.netdev'), 'utf8')).toContain('Id=7');
    expect(await readFile(script.path('networkd/05-onib-link.network'), 'utf8')).toContain(
      'VLAN=vlan7',
    );
  });
});

describe('onib_write_facts', () => {
  it('onib_write_facts() writes assignments that a shell reads back as they were', async () => {
    await using script = await BootScript.create();
    const { stdout } = await script.run(
      `onib_server="http://x/'; echo \\$HOME" onib_mac=m onib_nic=n onib_address=a onib_release=r onib_bytes=5
       onib_write_facts; . "$ONIB_RUN/boot.env"; echo "$ONIB_SERVER $ONIB_BYTES"`,
    );
    expect(stdout).toBe("http://x/'; echo $HOME 5\n");
  });
});
