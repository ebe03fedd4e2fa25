import { describe, expect, it } from 'vitest';
import {
  localServerArguments,
  localServerBatch,
  NETWORK,
  networkBatch,
} from '../../../src/vm/network/network.js';

describe('the node network', () => {
  it('networkBatch() joins TAP device and local server to the bridge of the boot server', () => {
    const lines = networkBatch('/run/x/peer').trimEnd().split('\n');
    expect(lines).toContain('address add 192.168.77.1/24 dev br0');
    expect(lines).toContain('link set tap0 master br0 up');
    expect(lines.some((line) => line.endsWith('netns /run/x/peer'))).toBe(true);
    // The bridge is up last: its ports are all there when the boot server binds to it.
    expect(lines.at(-1)).toBe('link set br0 up');
  });

  it('localServerBatch() gives the local server an address in the same network', () => {
    expect(localServerBatch()).toContain('address add 192.168.77.2/24 dev eth0');
  });

  it('localServerArguments() hands out addresses in proxy mode only', () => {
    const range = `--dhcp-range=${NETWORK.range.first},${NETWORK.range.last},1h`;
    expect(localServerArguments('proxy')).toContain(range);
    expect(localServerArguments('proxy')).toContain('--no-ping');
    expect(localServerArguments('full')).not.toContain(range);
  });

  it.each(['full', 'proxy'] as const)(
    'localServerArguments() says nothing about booting (%s)',
    (dhcp) => {
      const words = localServerArguments(dhcp).join(' ');
      expect(words).not.toMatch(/tftp|dhcp-boot|pxe/);
      expect(words).toContain(`--host-record=server.onib.test,${NETWORK.bootServer}`);
    },
  );
});
