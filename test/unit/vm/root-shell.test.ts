import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import {
  agentLine,
  commandLine,
  isReady,
  parseAnswer,
  RootShell,
} from '../../../src/vm/console/root-shell.js';

describe('parseAnswer()', () => {
  it('parseAnswer() waits for the whole answer', () => {
    expect(parseAnswer('m1<\nabc\n', 'm1')).toBeUndefined();
    expect(parseAnswer('m1<\nabc\n\nm1>0', 'm1')).toBeUndefined();
    expect(parseAnswer('m1<\nabc\n\nm1>0\n', 'm1')).toEqual({ output: 'abc\n', exitCode: 0 });
  });

  it('parseAnswer() keeps output without a last newline and with none at all', () => {
    expect(parseAnswer('m1<\nabc\nm1>1\n', 'm1')).toEqual({ output: 'abc', exitCode: 1 });
    expect(parseAnswer('m1<\n\nm1>127\n', 'm1')).toEqual({ output: '', exitCode: 127 });
  });
});

describe('agentLine()', () => {
  it('agentLine() holds no marker that its echo could be taken for', () => {
    expect(isReady(agentLine())).toBe(false);
    expect(agentLine().length).toBeLessThan(1000);
    expect(commandLine('m1', 'echo m2')).not.toContain('m2');
  });
});

describe('RootShell', () => {
  const terminals: ChildProcessWithoutNullStreams[] = [];
  afterEach(() => {
    for (const terminal of terminals.splice(0)) terminal.kill();
  });

  /** An interactive shell on a real terminal, as the debug shell in a node is. */
  function open(shell: string): { root: RootShell; gone: AbortController } {
    const terminal = spawn('script', [
      '--quiet',
      '--echo',
      'always',
      '--command',
      shell,
      '/dev/null',
    ]);
    terminals.push(terminal);
    const gone = new AbortController();
    const root = new RootShell((bytes) => terminal.stdin.write(bytes), gone.signal);
    terminal.stdout.on('data', (chunk: Buffer) => root.receive(chunk));
    return { root, gone };
  }

  it.each(['bash --norc -i', 'dash -i'])('RootShell.run() takes over %s', async (shell) => {
    const { root } = open(shell);
    expect(await root.run('echo one; echo two >&2; exit 3')).toEqual({
      output: 'one\ntwo\n',
      exitCode: 3,
    });
    const long = `echo ${'x'.repeat(20_000)}`;
    const [first, second] = await Promise.all([root.run(long), root.run("printf 'ü\\n\\n'")]);
    expect(first.output).toHaveLength(20_001);
    expect(second.output).toBe('ü\n\n');
  });

  it('RootShell.run() ends with the node', async () => {
    const gone = new AbortController();
    const root = new RootShell(() => undefined, gone.signal);
    const answer = root.run('true');
    gone.abort(new Error('the node is gone'));
    await expect(answer).rejects.toThrow('the node is gone');
  });

  it('RootShell.run() says so when nothing answers', async () => {
    const root = new RootShell(() => undefined, new AbortController().signal);
    await expect(root.run('true', 0.1)).rejects.toMatchObject({ code: 'SHELL_SILENT' });
  });
});
