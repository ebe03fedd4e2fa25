import { describe, expect, it } from 'vitest';
import { Output } from '../../../src/cli/show/output.js';
import { captureStreams } from './support/capture.js';

describe('Output', () => {
  it('object() writes seconds with three decimals at most', () => {
    const { streams, out } = captureStreams();
    const output = new Output(streams, { json: true });
    const stages = [{ seconds: 2.0004, bytes: 7 }];
    output.object({ schema: 'x/1', time: 1795176301.51234, seconds: 41.2345678, stages });
    expect(out()).toBe(
      '{"schema":"x/1","time":1795176301.512,"seconds":41.235,"stages":[{"seconds":2,"bytes":7}]}\n',
    );
  });
});
