import { describe, expect, test } from 'vitest';
import { OnibError, OnibErrors } from '../../../src/core/errors.js';
import { commandLine, withCommand, withLog } from '../../../src/host/failure-report.js';
import { run } from '../../../src/host/run.js';

describe('commandLine()', () => {
  test('commandLine() gives a line that a shell runs as it was run', async () => {
    const line = commandLine({
      argv: ['sh', '-c', 'pwd; echo "$WORD"; cat'],
      env: { WORD: `it's` },
      input: 'deb one\ndeb  two\n',
      cwd: '/usr',
    });
    expect(line.split('\n')).toHaveLength(1);
    const { stdout } = await run(['sh', '-c', line.slice(2)]);
    expect(stdout).toBe(`/usr\nit's\ndeb one\ndeb  two\n`);
  });
});

describe('withCommand()', () => {
  test('withCommand() puts the command above the output and keeps the rest', () => {
    const where = { file: 'vars/x.yml', line: 3 };
    const error = new OnibError('X', 'Cannot x', {
      details: ['out'],
      hint: 'h',
      where,
      exitCode: 3,
    });
    expect(withCommand(error, { argv: ['false'] })).toMatchObject({
      ...{ code: 'X', message: 'Cannot x', hint: 'h', where, exitCode: 3 },
      details: ['$ false', 'out'],
    });
  });
});

describe('withLog()', () => {
  test('withLog() names the log once, of every problem', () => {
    const error = new OnibError('X', 'Cannot x', { details: ['out'] });
    const logged = withLog(error, '/l/build.log');
    expect(logged).toMatchObject({ details: ['out', 'log: /l/build.log'] });
    expect(withLog(logged, '/l/other.log')).toBe(logged);
    expect(withLog(new OnibErrors([error]), '/l')).toMatchObject({
      problems: [{ details: ['out', 'log: /l'] }],
    });
  });

  test('withLog() leaves a mistake of ours as it is', () => {
    const bug = new TypeError('x is undefined');
    expect(withLog(bug, '/l')).toBe(bug);
  });
});
