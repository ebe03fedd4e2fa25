import { describe, expect, test } from 'vitest';
import { describeFailure, parseAnsibleEvent } from '../../../src/provision/ansible/events.js';

describe('parseAnsibleEvent()', () => {
  test('reads an event line', () => {
    const line =
      '{"event": "task-start", "task": "x", "role": null, "file": "/r/main.yml", "line": 3}';
    expect(parseAnsibleEvent(line)).toMatchObject({
      event: 'task-start',
      line: 3,
    });
  });

  test.each([
    ...['[WARNING]: something', '{"other": 1}', '{"event": "task-start"', ''],
    '{"event": "task-start", "task": "x", "role": null, "********": "/r/main.yml", "line": 3}',
  ])('leaves %j alone', (line) => {
    expect(parseAnsibleEvent(line)).toBeUndefined();
  });
});

describe('describeFailure()', () => {
  test('shows command, message and both streams', () => {
    expect(
      describeFailure({
        cmd: ['sh', '-c', 'x'],
        msg: 'non-zero return code',
        rc: 3,
        stdout: 'o',
        stderr: 'e1\ne2',
      }),
    ).toEqual(['$ sh -c x', 'non-zero return code', 'stdout: o', 'stderr: e1', 'e2']);
  });

  test('shows the end of a long output', () => {
    const stdout = Array.from({ length: 40 }, (_, index) => `line ${String(index)}`).join('\n');
    const lines = describeFailure({ stdout });
    expect(lines).toHaveLength(15);
    expect(lines.at(-1)).toBe('line 39');
  });

  test('shows a message that is not text as JSON', () => {
    expect(describeFailure({ msg: ['a', 'b'] })).toEqual(['["a","b"]']);
  });
});
