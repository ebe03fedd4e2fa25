/** A shell on the user's terminal, inside the namespaces of another process and in a tree. */
import { spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { shellCommand } from './shell-words.js';

export interface ShellPlace {
  /** A process in the namespaces. */
  readonly pid: number;
  /** Absolute path of the tree, as that process sees it. */
  readonly root: string;
  /** What stands before the prompt. */
  readonly prompt: string;
}

/** What is packed may be a layer alone, in which nothing can be run. */
const ENTER = 'test -x "$0/bin/sh" && exec chroot "$0" /bin/sh -i; cd "$0" && exec sh -i';

/**
 * Opens the shell, and resolves when it has ended.
 *
 * script(1) gives it a terminal of its own, whose session setsid(1) takes over inside the PID
 * namespace: on the user's own terminal the shell would have no job control, since the terminal's
 * foreground process group cannot be seen from there.
 */
export async function openShell({ pid, root, prompt }: ShellPlace): Promise<void> {
  const environment = [
    ...['HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ...[`TERM=${process.env.TERM ?? 'dumb'}`, `PS1=${prompt}# `, 'LC_ALL=C.UTF-8'],
    'DEBIAN_FRONTEND=noninteractive',
  ];
  const command = shellCommand([
    ...['nsenter', '--target', String(pid), '--mount', '--pid', '--'],
    ...['setsid', '--ctty', '--wait', 'env', '--ignore-environment', ...environment],
    ...['sh', '-c', ENTER, root],
  ]);
  const child = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
    stdio: 'inherit',
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  await endProcessesIn(pid, root);
}

const TRIES = 100;
const PAUSE_MS = 50;

/** What was left running in the background would keep the tree from being unmounted. */
async function endProcessesIn(pid: number, root: string): Promise<void> {
  const namespace = await linkOf(pid, 'ns/pid');
  for (let tries = 0; tries < TRIES; tries += 1) {
    const left: number[] = [];
    for (const other of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
      if ((await linkOf(other, 'ns/pid')) !== namespace) continue;
      const places = [await linkOf(other, 'root'), await linkOf(other, 'cwd')];
      if (places.some((place) => place === root || place.startsWith(`${root}/`))) left.push(other);
    }
    if (left.length === 0) return;
    for (const other of left) endProcess(other);
    await delay(PAUSE_MS);
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Empty for a process that has ended. */
async function linkOf(pid: number, name: string): Promise<string> {
  return await readlink(`/proc/${String(pid)}/${name}`).catch(() => '');
}

/** The first process of the namespaces that a cell's own process made: its only child. */
export async function firstProcessOf(cell: number): Promise<number> {
  const children = await readFile(`/proc/${String(cell)}/task/${String(cell)}/children`, 'utf8');
  return Number(children.trim().split(' ')[0]);
}
