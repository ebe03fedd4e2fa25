/** Runs the initrd's boot script piece by piece, in the shell that the initrd has: busybox ash. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { packagePath } from '../../../src/core/package.js';

export const libraryPath = packagePath('roles/initrd/provision_initrd/files/lib');

export interface ShellResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory that stands in for /proc, /sys and /run/onib, and a shell that has the script's functions. */
export class BootScript implements AsyncDisposable {
  private constructor(readonly directory: string) {}

  static async create(): Promise<BootScript> {
    const script = new BootScript(await mkdtemp(path.join(tmpdir(), 'onib-initrd-')));
    await mkdir(script.path('run'));
    await mkdir(script.path('tools'));
    // the initrd has busybox' programs and no others
    await promisify(execFile)('busybox', ['--install', '-s', script.path('tools')]);
    await script.write('proc/uptime', '12.34 20.00\n');
    await script.write('proc/mounts', '');
    await script.write('proc/meminfo', 'MemTotal: 2000000 kB\nMemAvailable:    1000000 kB\n');
    await script.setCommandLine('');
    return script;
  }

  path(...segments: string[]): string {
    return path.join(this.directory, ...segments);
  }

  async write(file: string, text: string): Promise<void> {
    await mkdir(path.dirname(this.path(file)), { recursive: true });
    await writeFile(this.path(file), text);
  }

  async setCommandLine(text: string): Promise<void> {
    await this.write('proc/cmdline', `${text}\n`);
  }

  /** Runs shell code after all parts of the boot script have been read. */
  async run(code: string): Promise<ShellResult> {
    const parts = (await readdir(libraryPath)).filter((name) => name.endsWith('.sh')).sort();
    const program = [
      `ONIB_LIB='${libraryPath}' ONIB_RUN='${this.path('run')}'`,
      `ONIB_PROC='${this.path('proc')}' ONIB_SYS='${this.path('sys')}'`,
      `ONIB_NETWORKD='${this.path('networkd')}' ONIB_RESOLV_CONF='${this.path('resolv.conf')}'`,
      ...parts.map((name) => `. '${path.join(libraryPath, name)}'`),
      'onib_start',
      code,
    ].join('\n');
    return await runAsh(program, this.path('tools'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}

async function runAsh(program: string, tools: string): Promise<ShellResult> {
  const child = spawn(path.join(tools, 'sh'), ['-c', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: tools },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}
