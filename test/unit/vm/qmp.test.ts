import { describe, expect, it } from 'vitest';
import { stopReason } from '../../../src/vm/machine/qmp.js';

/** Lines as QEMU 7.2 writes them. */
const shutdown = (reason: string): string =>
  `{"timestamp": {"seconds": 1795190000, "microseconds": 1}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "${reason}"}}`;

describe('stopReason()', () => {
  it.each([
    ['guest-shutdown', 'poweroff'],
    ['guest-reset', 'reset'],
    ['guest-panic', 'crash'],
    ['host-signal', 'stopped'],
    ['host-qmp-quit', 'stopped'],
  ])('stopReason() reads %s as %s', (reason, expected) => {
    expect(stopReason(shutdown(reason))).toBe(expected);
  });

  it('stopReason() passes over greetings, answers and other events', () => {
    expect(stopReason('{"QMP": {"version": {}, "capabilities": ["oob"]}}')).toBeUndefined();
    expect(stopReason('{"return": {}}')).toBeUndefined();
    expect(stopReason('{"event": "NIC_RX_FILTER_CHANGED", "data": {}}')).toBeUndefined();
  });
});
