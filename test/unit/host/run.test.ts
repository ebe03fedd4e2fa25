import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { OnibError } from '../../../src/core/errors.js';
import { start } from '../../../src/host/command.js';
import { run } from '../../../src/host/run.js';

describe('run()', () => {
  test('returns both streams and the exit code', async () => {
    const result = await run(['sh', '-c', 'echo out; echo err >&2; exit 3'], { check: false });
    expect(result).toEqual({ stdout: 'out\n', stderr: 'err\n', exitCode: 3 });
  });

  test('feeds its input', async () => {
    expect((await run(['cat'], { input: 'a\nb' })).stdout).toBe('a\nb');
  });

  test('calls onLine for each line, the last one without a newline too', async () => {
    const lines: string[] = [];
    await run(['printf', 'a\\nb\\nc'], {
      onLine: (line, stream) => lines.push(`${stream}: ${line}`),
    });
    expect(lines).toEqual(['stdout: a', 'stdout: b', 'stdout: c']);
  });

  test('shows a failing command so that it can be pasted, with the end of its output', async () => {
    const failure = run(['sh', '-c', 'echo the reason >&2; exit 4'], { env: { X: 'y z' } });
    await expect(failure).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'Cannot run "sh": it exited with 4',
      details: ["$ X='y z' sh -c 'echo the reason >&2; exit 4'", 'the reason'],
    });
  });

  test('names the Debian package of a missing program', async () => {
    const failure = run(['onib-no-such-program'], { debianPackage: 'some-package' });
    await expect(failure).rejects.toMatchObject({
      code: 'COMMAND_MISSING',
      exitCode: 3,
      hint: 'apt-get install some-package',
    });
  });

  test('ends a command that takes longer than its timeout', async () => {
    await expect(run(['sleep', '60'], { timeout: 0.2 })).rejects.toThrow(
      'did not end within 0.2 s',
    );
  });

  test('is refused when the signal has been aborted before', async () => {
    await expect(run(['true'], { signal: AbortSignal.abort() })).rejects.toThrow();
  });

  test('ends the descendants of a cancelled command too', async () => {
    const controller = new AbortController();
    const started = new Promise<number>((resolve) => {
      void run(['sh', '-c', 'sleep 60 & echo $!; wait'], {
        signal: controller.signal,
        onLine: (line) => {
          resolve(Number(line));
        },
      }).catch((error: unknown) => {
        if (!controller.signal.aborted) throw error;
      });
    });
    const grandchild = await started;
    controller.abort();
    await expect.poll(() => isRunning(grandchild), { timeout: 10_000 }).toBe(false);
  });
});

test('start() runs beside its caller until stop()', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'onib-run-'));
  const mark = path.join(directory, 'mark');
  const command = start(['sh', '-c', `touch ${mark}; sleep 60`], { check: false });
  await expect.poll(() => existsSync(mark)).toBe(true);
  await command.stop();
  expect((await command.result).exitCode).toBe(128 + 15);
  await rm(directory, { recursive: true });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
    return false;
  }
}

test('OnibError carries a default exit code of 1', () => {
  expect(new OnibError('X', 'y').exitCode).toBe(1);
});
