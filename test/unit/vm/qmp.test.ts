import { describe, expect, it } from 'vitest';
import { Qmp, stopReason } from '../../../src/vm/machine/qmp.js';

/** Lines as QEMU 7.2 writes them. */
const shutdown = (reason: string): string =>
  `{"timestamp": {"seconds": 1795190000, "microseconds": 1}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "${reason}"}}\r\n`;
const GREETING = '{"QMP": {"version": {}, "capabilities": ["oob"]}}\r\n';

describe('stopReason()', () => {
  it.each([
    ['guest-shutdown', 'poweroff'],
    ['guest-reset', 'reset'],
    ['guest-panic', 'crash'],
    ['host-signal', 'stopped'],
    ['host-qmp-quit', 'stopped'],
  ])('stopReason() reads %s as %s', (reason, expected) => {
    expect(stopReason(JSON.parse(shutdown(reason)) as object)).toBe(expected);
  });

  it('stopReason() passes over greetings, answers and other events', () => {
    for (const line of [GREETING, '{"return": {}}', '{"event": "RTC_CHANGE", "data": {}}']) {
      expect(stopReason(JSON.parse(line) as object)).toBeUndefined();
    }
  });
});

describe('Qmp', () => {
  /** What was sent, and a way to let QEMU say something. */
  function connection(): { qmp: Qmp; sent: string[]; say: (text: string) => void } {
    const sent: string[] = [];
    const qmp = new Qmp((text) => sent.push(text));
    return { qmp, sent, say: (text) => qmp.receive(Buffer.from(text)) };
  }

  it('execute() gives each command its own answer, whatever comes between', async () => {
    const { qmp, sent, say } = connection();
    say(`${GREETING}{"return": {}}\r\n`);
    const status = qmp.execute('query-status');
    const words = { 'command-line': 'info lapic', 'cpu-index': 1 };
    const lapic = qmp.execute('human-monitor-command', words);
    expect(sent.map((line) => JSON.parse(line) as unknown)).toEqual([
      { execute: 'query-status', arguments: {}, id: 1 },
      { execute: 'human-monitor-command', arguments: words, id: 2 },
    ]);
    say('{"event": "RTC_CHANGE", "data": {}}\r\n{"return": "dump", "id": 2}\r\n{"retu');
    say('rn": {"status": "running"}, "id": 1}\r\n');
    expect(await lapic).toBe('dump');
    expect(await status).toEqual({ status: 'running' });
  });

  it('execute() throws QEMU’s own words', async () => {
    const { qmp, say } = connection();
    const answer = qmp.execute('query-nothing');
    say(
      '{"id": 1, "error": {"class": "CommandNotFound", "desc": "The command query-nothing has not been found"}}\r\n',
    );
    await expect(answer).rejects.toThrow('QEMU: The command query-nothing has not been found');
  });

  it('receive() keeps the first reason for which the machine stopped', () => {
    const { qmp, say } = connection();
    expect(qmp.stopReason).toBeUndefined();
    say(shutdown('guest-reset') + shutdown('host-qmp-quit'));
    expect(qmp.stopReason).toBe('reset');
  });
});
