/** Guards over a real base image and the changes that overlayfs made over it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packSquashfs } from '../../../src/archive/pack/pack-squashfs.js';
import { guardOverlay, type GuardRequest } from '../../../src/build/checks/guard-overlay.js';
import { TaskTimes } from '../../../src/build/record/task-times.js';
import { OnibErrors } from '../../../src/core/errors.js';
import { run } from '../../../src/host/run.js';

let work: string;
let base: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-guards-'));
  const script = `mkdir lower changes work merged; cd lower
    mkdir -p etc usr/lib/modules/1 usr/lib64 usr/sbin proc sys dev run
    ln -s usr/lib64 lib64; ln -s usr/sbin sbin; echo init >usr/sbin/init`;
  await run(['sh', '-euc', script], { cwd: work });
  base = path.join(work, 'base.squashfs');
  await packSquashfs(path.join(work, 'lower'), base, { compressor: 'lz4', blockSize: 131_072 });
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

/** Changes the base through overlayfs while a task runs; returns the warnings. */
async function guard(change: string, tasks: TaskTimes): Promise<string[]> {
  const mount =
    'rm -rf changes work; mkdir changes work; mount -t overlay overlay -o lowerdir=lower,upperdir=changes,workdir=work merged; cd merged';
  const warnings: string[] = [];
  const where = { file: '/project/roles/x/tasks/main.yml', line: 3 };
  tasks.start({ task: 'break it', role: 'x', where }, Date.now() - 1000);
  await run(
    ['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', `${mount}; ${change}`],
    { cwd: work },
  );
  tasks.end(Date.now());
  const request: GuardRequest = {
    name: 'sample',
    changes: { tree: path.join(work, 'changes'), project: '/project', tasks },
    base,
    warn: (message) => warnings.push(message),
  };
  await guardOverlay(request);
  return warnings;
}

test('guardOverlay() refuses what no node survives, each with the task that made it', async () => {
  const change = 'rm lib64; mkdir lib64; rm -r usr/lib/modules';
  const error: unknown = await guard(change, new TaskTimes()).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(OnibErrors);
  const { problems } = error as OnibErrors;
  expect(problems.map(({ code, message }) => [code, /(\/\S+)/.exec(message)?.[1]])).toEqual([
    ['OVERLAY_GUARD', '/lib64'],
    ['OVERLAY_GUARD', '/usr/lib/modules'],
  ]);
  expect(problems[0]).toMatchObject({
    message:
      'Cannot pack overlay "sample": /lib64 takes the place of the base\'s link to usr/lib64: nothing would start',
    hint: 'write below /usr/lib64, where the link leads',
    details: ['made by task "break it" of role x'],
    where: { file: 'roles/x/tasks/main.yml', line: 3 },
  });
});

test('guardOverlay() warns of what may be meant', async () => {
  const change = 'mkdir etc/x; echo other >usr/sbin/init';
  const warnings = await guard(change, new TaskTimes());
  expect(warnings).toEqual([
    expect.stringMatching(
      /^\/usr\/sbin\/init replaces the base's init.*; made by task "break it" of role x \(roles\/x\/tasks\/main\.yml:3\); choose/,
    ),
  ]);
});
