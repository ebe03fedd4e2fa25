/** However `onib boot` ends, nothing of the node is left on this machine. */
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/package.js';
import { onib, runOnib } from '../support/onib-command.js';
import { defaultRelease } from '../support/vm-release.js';

interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** `net:[4026531840]` */
  readonly network: string;
}

/** All processes of this machine that can be looked at. */
async function processes(): Promise<ProcessInfo[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid): Promise<ProcessInfo | undefined> => {
      try {
        const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
        const end = stat.lastIndexOf(')');
        return {
          pid: Number(pid),
          parent: Number(stat.slice(end + 2).split(' ')[1]),
          name: stat.slice(stat.indexOf('(') + 1, end),
          network: await readlink(`/proc/${pid}/ns/net`),
        };
      } catch {
        // It ended while it was looked at.
        return undefined;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

async function descendantsOf(pid: number): Promise<ProcessInfo[]> {
  const all = await processes();
  const family: ProcessInfo[] = [];
  const grow = (parent: number): void => {
    for (const child of all.filter((one) => one.parent === parent)) {
      family.push(child);
      grow(child.pid);
    }
  };
  grow(pid);
  return family;
}

async function until<Found>(
  look: () => Promise<Found | undefined>,
  seconds: number,
): Promise<Found> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not there after ${seconds} s`);
    await delay(100);
  }
}

/** Network devices, mounts and loop devices of this machine, outside all cells. */
async function machineState(): Promise<string[]> {
  const { stdout } = await execa('ip', ['-brief', 'link']);
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  const links = stdout.split('\n').map((line) => line.split(/\s+/)[0] ?? '');
  return [...links, ...mounts.split('\n').map((line) => line.split(' ')[4] ?? '')].sort();
}

interface RunningBoot extends AsyncDisposable {
  readonly command: ReturnType<typeof bootCommand>;
  /** The cell's processes, QEMU among them. */
  readonly family: readonly ProcessInfo[];
  /** Where its temporary files would be. */
  readonly temporary: string;
}

function bootCommand(words: readonly string[], temporary: string) {
  const [node, program] = onib;
  return execa(node, [program, '-C', packageRoot, 'boot', ...words], {
    reject: false,
    stdin: 'ignore',
    all: true,
    env: { TMPDIR: temporary },
  });
}

/** `onib boot`, as far as its machine is running. */
async function startBoot(...words: readonly string[]): Promise<RunningBoot> {
  const temporary = await mkdtemp(path.join(tmpdir(), 'onib-e2e-tmp-'));
  const command = bootCommand(words, temporary);
  const here = await readlink('/proc/self/ns/net');
  // QEMU is asked for its directories before there is a cell: the machine is the one in a network of its own.
  const isMachine = ({ name, network }: ProcessInfo): boolean =>
    name.startsWith('qemu') && network !== here;
  const family = await until(async () => {
    const found = await descendantsOf(command.pid ?? 0);
    return found.some(isMachine) ? found : undefined;
  }, 120);
  return {
    command,
    family,
    temporary,
    [Symbol.asyncDispose]: async () => {
      command.kill('SIGKILL');
      await command;
      await rm(temporary, { recursive: true });
    },
  };
}

async function expectNothingLeft(boot: RunningBoot, before: readonly string[]): Promise<void> {
  const pids = new Set(boot.family.map(({ pid }) => pid));
  const here = await readlink('/proc/self/ns/net');
  const networks = new Set(boot.family.map(({ network }) => network));
  networks.delete(here);
  expect(networks.size).toBeGreaterThan(0);
  await until(async () => {
    const left = (await processes()).filter(
      ({ pid, network }) => pids.has(pid) || networks.has(network),
    );
    return left.length === 0 ? true : undefined;
  }, 30);
  expect(await machineState()).toEqual(before);
  expect(await readdir(boot.temporary)).toEqual([]);
}

describe('onib boot', () => {
  beforeAll(async () => {
    await defaultRelease();
  });

  it.each(['bios', 'uefi'])('onib boot leaves nothing after SIGKILL (%s)', async (firmware) => {
    const before = await machineState();
    await using boot = await startBoot('--firmware', firmware);
    process.kill(boot.command.pid ?? 0, 'SIGKILL');
    await expectNothingLeft(boot, before);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('onib boot cleans up after %s', async (signal) => {
    const before = await machineState();
    await using boot = await startBoot();
    process.kill(boot.command.pid ?? 0, signal);
    const { exitCode, all } = await boot.command;
    expect(all).toContain('onib: interrupted; everything is cleaned up');
    expect(all).not.toContain('error[');
    expect(exitCode).toBe(130);
    await expectNothingLeft(boot, before);
  });

  it('onib boot tells how far the node came when the time is up', async () => {
    const before = await machineState();
    await using boot = await startBoot('--until-ready', '--timeout', '1');
    const { exitCode, all } = await boot.command;
    expect(all).toContain('error[BOOT_TIMEOUT]');
    expect(all).toMatch(
      /not there after 1 s, .*; its processors (were busy|stood still|were idle)/,
    );
    expect(all).toMatch(/processor 1: (halted|running) at [0-9a-f]+/);
    expect(exitCode).toBe(1);
    await expectNothingLeft(boot, before);
  });

  it('onib boot names the profile that was meant', async () => {
    const { exitCode, stderr } = await runOnib(packageRoot, ['boot', 'discovry']);
    expect(stderr).toContain('error[PROFILE_UNKNOWN]: Cannot boot profile "discovry"');
    expect(stderr).toContain('did you mean "discovery"?');
    expect(exitCode).toBe(2);
  });
});
