import { describe, expect, it } from 'vitest';
import { parseNodeReport } from '../../../../boot-server/nodes/report.js';

describe('parseNodeReport()', () => {
  it.each([
    ['stage=failed:digest&detail=a%0ab', { stage: 'failed', code: 'digest', detail: 'a b' }],
    ['stage=failed&code=digest', { stage: 'failed', code: 'digest' }],
    ['stage=ready&code=digest', { stage: 'ready' }],
    ['stage=fetch&uptime=4.25&bytes=12', { stage: 'fetch', uptime: 4.25, bytes: 12 }],
    ['stage=fetch&profile=&release=r1', { stage: 'fetch', release: 'r1' }],
    ['__proto__=x&stage=ready&other=1', { stage: 'ready' }],
  ])('parseNodeReport() reads %s', (body, report) => {
    expect(parseNodeReport(body)).toEqual(report);
  });

  it.each([
    ['', 'stage is "", expected a stage of the boot contract'],
    ['stage=dhcp', 'stage is "dhcp", expected a stage of the boot contract'],
    ['stage=failed', 'a failure needs a code'],
    ['stage=failed:a%20b', 'code is "a b", expected a code'],
    ['stage=ready&uptime=-1', 'uptime is "-1", expected seconds'],
    ['stage=ready&bytes=1e9', 'bytes is "1e9", expected a number of bytes'],
    ['stage=ready&release=../x', 'release is "../x", expected a name that can stand in a URL'],
  ])('parseNodeReport() refuses %s', (body, problem) => {
    expect(parseNodeReport(body)).toEqual({ problem });
  });
});
