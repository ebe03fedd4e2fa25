import { describe, expect, it } from 'vitest';
import { stageMark, stageName, timeline, type StageMark } from '../../../src/vm/timeline.js';

const POWER_ON = Date.parse('2026-11-20T12:00:00.000Z');

describe('stageMark()', () => {
  it('stageMark() counts from power-on, whatever the boot server counts from', () => {
    const record = { stage: 'dhcp', at: '2026-11-20T12:00:09.500Z', seconds: 0, servedBytes: 7 };
    expect(stageMark({ ...record, stage: 'dhcp' }, POWER_ON)).toEqual({
      stage: 'dhcp',
      seconds: 9.5,
      bytes: 7,
    });
  });

  it('stageMark() keeps code and detail of a failure', () => {
    const record = { at: '2026-11-20T12:00:20Z', seconds: 11, servedBytes: 0 };
    const mark = stageMark({ ...record, stage: 'failed', code: 'digest', detail: 'x' }, POWER_ON);
    expect(mark).toMatchObject({ code: 'digest', detail: 'x' });
    expect(stageName(mark)).toBe('failed:digest');
  });
});

describe('timeline()', () => {
  const marks: StageMark[] = [
    { stage: 'dhcp', seconds: 5, bytes: 0 },
    { stage: 'dhcp', seconds: 9, bytes: 100 },
    { stage: 'script', seconds: 10, bytes: 300 },
    { stage: 'failed', seconds: 20, bytes: 400, code: 'fetch' },
    { stage: 'failed', seconds: 30, bytes: 400, code: 'fetch' },
    { stage: 'ready', seconds: 60, bytes: 1000 },
  ];

  it('timeline() says what each stage took, from its first report on', () => {
    expect(timeline(marks)[1]).toEqual({ stage: 'script', at: 10, seconds: 5, bytes: 300 });
    expect(timeline(marks).map((row) => row.stage)).toEqual([
      ...['dhcp', 'script', 'failed:fetch', 'failed:fetch', 'ready'],
    ]);
  });

  it('timeline() adds up to the last stage', () => {
    const rows = timeline(marks);
    expect(rows.reduce((sum, row) => sum + row.seconds, 0)).toBe(60);
    expect(rows.reduce((sum, row) => sum + row.bytes, 0)).toBe(1000);
  });

  it('timeline() of a node that asked for nothing is empty', () => {
    expect(timeline([])).toEqual([]);
  });
});
