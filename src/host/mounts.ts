/**
 * Mounts as a stack: undone newest first, each with all that lies below it, when the block that made them
 * ends. What a provisioner mounted and forgot in its tree goes as well.
 *
 * Only used inside a cell (host/cell.ts), so a killed builder leaves nothing behind; the orderly
 * undo here is what makes a tree whole again before it is packed.
 */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../core/errors.js';
import { run } from './run.js';

export interface OverlayMount {
  /** Topmost first, as overlayfs wants them. */
  readonly lower: readonly string[];
  /** Directory that takes the changes; without it the mount is read-only. */
  readonly upper?: string;
  /** Empty directory on upper's filesystem; needed with `upper`. */
  readonly work?: string;
  readonly target: string;
}

export class Mounts implements AsyncDisposable {
  readonly #targets: string[] = [];
  readonly #workspace: string;

  /** @param workspace Directory that overlay paths are given relative to, which keeps `:` and `,` of a project's path out of mount options. */
  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  async tmpfs(target: string, options = 'mode=0755'): Promise<string> {
    return await this.#mount(['-t', 'tmpfs', '-o', options, 'tmpfs'], target);
  }

  async proc(target: string): Promise<string> {
    return await this.#mount(['-t', 'proc', '-o', 'nosuid,nodev,noexec', 'proc'], target);
  }

  async sysfs(target: string): Promise<string> {
    return await this.#mount(['-t', 'sysfs', '-o', 'ro,nosuid,nodev,noexec', 'sysfs'], target);
  }

  async devpts(target: string): Promise<string> {
    const options = 'newinstance,ptmxmode=0666,mode=0620,gid=5';
    return await this.#mount(['-t', 'devpts', '-o', options, 'devpts'], target);
  }

  async bind(source: string, target: string): Promise<string> {
    return await this.#mount(['--bind', source], target);
  }

  /** A squashfs image, read-only; the loop device goes with the mount (autoclear). */
  async squashfs(image: string, target: string): Promise<string> {
    return await this.#mount(['-t', 'squashfs', '-o', 'loop,ro', image], target);
  }

  /**
   * Overlayfs with plain upper directories: no redirects, no metadata-only copies and no index,
   * so that what is in `upper` means the same on any machine
   * (kernel: Documentation/filesystems/overlayfs.rst).
   */
  async overlay({ lower, upper, work, target }: OverlayMount): Promise<string> {
    const inside = (directory: string): string => path.relative(this.#workspace, directory);
    const options = [`lowerdir=${lower.map(inside).join(':')}`];
    if (upper !== undefined && work !== undefined) {
      options.push(`upperdir=${inside(upper)}`, `workdir=${inside(work)}`);
      options.push('redirect_dir=off', 'metacopy=off', 'index=off');
    } else options.push('ro');
    return await this.#mount(['-t', 'overlay', '-o', options.join(','), 'overlay'], target);
  }

  async #mount(args: readonly string[], target: string): Promise<string> {
    await mkdir(target, { recursive: true });
    // -n: no /etc/mtab; --make-private: nothing spreads out of the cell.
    await run(['mount', '-n', '--make-private', ...args, target], { cwd: this.#workspace });
    this.#targets.push(target);
    return target;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: OnibError[] = [];
    for (const target of outermost(this.#targets).reverse()) {
      try {
        await run(['umount', '-n', '-R', target]);
      } catch (error) {
        if (!(error instanceof OnibError)) throw error;
        failures.push(error);
      }
    }
    this.#targets.length = 0;
    const [first] = failures;
    if (first !== undefined) throw first;
  }
}

/** Targets that lie below no other. */
function outermost(targets: readonly string[]): string[] {
  return targets.filter((one) => !targets.some((other) => one.startsWith(`${other}/`)));
}

/** Mount points below a directory (itself included), from /proc/self/mountinfo (proc(5)); octal escapes decoded. */
export async function mountsBelow(directory: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).trimEnd().split('\n');
  return lines
    .map((line) => decodeMountPath(line.split(' ')[4] ?? ''))
    .filter((point) => point === directory || point.startsWith(`${directory}/`));
}

/** Undoes what a program that failed has left mounted below a directory, newest first. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const target of (await mountsBelow(directory)).reverse()) {
    await run(['umount', '-n', target]);
  }
}

function decodeMountPath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
