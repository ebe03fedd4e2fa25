import { expect, test } from 'vitest';
import { OnibError, OnibErrors } from '../../../src/core/errors.js';
import { errorFromData, errorToData } from '../../../src/core/error-transfer.js';

function transfer(error: unknown): Error {
  return errorFromData(structuredClone(errorToData(error)));
}

const problem = new OnibError('A_CODE', 'Cannot do "x": y', {
  hint: 'do z',
  where: { file: 'vars/x.yml', line: 3 },
  details: ['one', 'two'],
  exitCode: 3,
});

test('errorFromData() brings an OnibError back whole', () => {
  expect(transfer(problem)).toEqual(problem);
});

test('errorFromData() brings several problems back', () => {
  const back = transfer(new OnibErrors([problem, new OnibError('B', 'b')]));
  expect(back).toBeInstanceOf(OnibErrors);
  expect(back).toMatchObject({ problems: [{ code: 'A_CODE' }, { code: 'B' }] });
});

test('errorFromData() puts the first cause first when clean-up failed as well', () => {
  const suppressed = Object.assign(new Error('both'), {
    name: 'SuppressedError',
    suppressed: problem,
    error: new Error('umount: busy'),
  });
  const back = transfer(suppressed);
  expect(back).toMatchObject({
    code: 'A_CODE',
    message: problem.message,
    details: [...problem.details, 'While cleaning up after this: umount: busy'],
  });
});

test('errorFromData() keeps the stack of a bug', () => {
  const bug = new TypeError('x is not a function');
  expect(transfer(bug).stack).toBe(bug.stack);
});
