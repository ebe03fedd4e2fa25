import { describe, expect, test } from 'vitest';
import { StepLog } from '../../../src/build/record/step-log.js';

describe('StepLog', () => {
  test('add() of a line that does not fit is told later, where it can be caught', () => {
    // Every write to it finds no space (full(4)).
    const log = new StepLog('/dev/full');
    expect(() => log.throwIfIncomplete()).not.toThrow();
    log.add('a line');
    log.add('another line');
    expect(() => log.throwIfIncomplete()).toThrow('ENOSPC');
  });
});
