import { describe, expect, it } from 'vitest';
import { EXIT, OnibError, OnibErrors } from '../../../src/core/errors.js';
import { errorObject, exitCodeOf, formatError } from '../../../src/cli/show/errors.js';

const baseMissing = new OnibError(
  'BASE_MISSING',
  'Cannot build overlay "discovery": no base image in the current release',
  {
    where: { file: 'vars/discovery.yml', line: 3, column: 7 },
    details: ['first detail', 'second detail'],
    hint: 'onib build base',
    exitCode: EXIT.usage,
  },
);

/** What `await using` throws when body and clean-up both fail, made by the compiler's own helper. */
async function bothFail(): Promise<unknown> {
  try {
    await using resource = {
      [Symbol.asyncDispose]: () => Promise.reject(new OnibError('UNMOUNT', 'Cannot unmount "/x"')),
    };
    throw new OnibError('PACK', `Cannot pack "${typeof resource}"`, { exitCode: EXIT.hostLacks });
  } catch (error) {
    return error;
  }
}

describe('formatError()', () => {
  it('shows code, message, place, details and hint', () => {
    expect(formatError(baseMissing)).toBe(
      [
        'error[BASE_MISSING]: Cannot build overlay "discovery": no base image in the current release',
        '  at vars/discovery.yml:3:7',
        '  first detail',
        '  second detail',
        '  hint: onib build base',
      ].join('\n'),
    );
  });

  it('shows every problem of a configuration', () => {
    const text = formatError(new OnibErrors([baseMissing, new OnibError('OTHER', 'Cannot go')]));
    expect(text).toContain('error[BASE_MISSING]');
    expect(text).toContain('error[OTHER]: Cannot go');
  });

  it('shows the first cause before what went wrong while cleaning up', async () => {
    const lines = formatError(await bothFail()).split('\n');
    expect(lines[0]).toBe('error[PACK]: Cannot pack "object"');
    expect(lines[1]).toBe('error while cleaning up[UNMOUNT]: Cannot unmount "/x"');
  });

  it('shows Ctrl-C as a plain line, and only what went wrong after it as errors', () => {
    const interrupted = new OnibError('INTERRUPTED', 'Cannot go on: interrupted by SIGINT', {
      exitCode: EXIT.interrupted,
    });
    expect(formatError(interrupted)).toBe('onib: interrupted; everything is cleaned up');
    const two = new AggregateError([interrupted, interrupted]);
    expect(formatError(two)).toBe('onib: interrupted; everything is cleaned up');
    const failed = new OnibErrors([interrupted, new OnibError('UNMOUNT', 'Cannot unmount "/x"')]);
    expect(formatError(failed)).toBe('onib: interrupted\nerror[UNMOUNT]: Cannot unmount "/x"');
    expect(errorObject(interrupted).problems).toMatchObject([{ code: 'INTERRUPTED' }]);
    expect(exitCodeOf(failed)).toBe(130);
  });

  it('shows a system error without a stack', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    expect(formatError(error)).toBe('error[ENOSPC]: Cannot write: no space left on device');
  });

  it('shows anything else as a bug with its stack', () => {
    const text = formatError(new TypeError('x is not a function'));
    expect(text).toMatch(/^error\[BUG\]: x is not a function\n {2}this is a mistake in onib/);
    expect(text).toContain('errors.test.ts');
  });

  it('shows the cause of a known error only when asked for detail', () => {
    const error = new OnibError('A', 'Cannot a', { cause: new Error('deep down') });
    expect(formatError(error)).not.toContain('deep down');
    expect(formatError(error, true)).toContain('deep down');
  });
});

describe('exitCodeOf()', () => {
  it('is that of the first cause', async () => {
    expect(exitCodeOf(await bothFail())).toBe(EXIT.hostLacks);
    expect(exitCodeOf(baseMissing)).toBe(EXIT.usage);
    expect(exitCodeOf(new Error('x'))).toBe(EXIT.failed);
  });
});

describe('errorObject()', () => {
  it('holds the same for machines', () => {
    expect(errorObject(baseMissing)).toEqual({
      schema: 'onib.error/1',
      exitCode: 2,
      problems: [
        {
          code: 'BASE_MISSING',
          message: baseMissing.message,
          where: { file: 'vars/discovery.yml', line: 3, column: 7 },
          hint: 'onib build base',
          details: ['first detail', 'second detail'],
          cleanUp: false,
        },
      ],
    });
  });
});
