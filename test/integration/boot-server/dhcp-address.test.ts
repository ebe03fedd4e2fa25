/** Addresses of full DHCP that somebody else uses, and those of before a restart of `onib serve`. */
import { describe, expect, it } from 'vitest';
import { BootBench } from '../../support/boot-bench.js';
import { askForLease, CLIENTS, writeLeaseScript } from '../../support/dhcp-client.js';
import { ServeProcess } from '../../support/serve-process.js';

const MAC = '52:54:00:77:04:01';
const SERVE = ['--dhcp', 'full', '--range', '192.168.77.50-192.168.77.99'];

async function createBench(): Promise<BootBench> {
  const machines = { node: MAC, squatter: '52:54:00:77:04:02', late: '52:54:00:77:04:03' };
  return await BootBench.create({ machines, serve: SERVE });
}

describe('full DHCP', () => {
  it('gives another address when udhcpc finds the first one in use', async () => {
    await using bench = await createBench();
    const { network, server } = bench;
    const script = await writeLeaseScript(bench.scratch);
    const first = await askForLease(network, 'node', script);
    await network.configure('node', ['address flush dev eth0']);
    await network.configure('squatter', [`address add ${first?.ip ?? ''}/24 dev eth0`]);

    // -a: asks by ARP whether the address that is offered is free, and declines it otherwise.
    const second = await askForLease(network, 'node', script, '-a', '-A', '1');
    expect(second?.ip).toMatch(/^192\.168\.77\.[5-9]\d$/);
    expect(second?.ip).not.toBe(first?.ip);
    const declined = await server.event('dhcp-ignored', { mac: MAC, reason: 'declined' });
    expect(declined.message).toContain(`${first?.ip ?? ''} is in use by another machine`);
    // Nor does anybody else get it, not even by asking for it.
    const other = await askForLease(network, 'late', script, '-r', first?.ip ?? '');
    expect(other?.ip).not.toBe(first?.ip);
  });

  it('gives a node its address again after the server was restarted', async () => {
    await using bench = await createBench();
    const { network } = bench;
    const script = await writeLeaseScript(bench.scratch);
    const before = await askForLease(network, 'node', script, ...CLIENTS.bios);
    const other = await askForLease(network, 'late', script);
    expect(await bench.server.stop()).toBe(0);

    // Its leases are forgotten, and asked in another order.
    await using _again = await ServeProcess.start(network, ...bench.serveWords);
    expect((await askForLease(network, 'late', script))?.ip).toBe(other?.ip);
    expect((await askForLease(network, 'node', script, ...CLIENTS.ipxe))?.ip).toBe(before?.ip);
  });
});
