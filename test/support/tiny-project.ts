/** The smallest project that builds for real: a base of Debian's essential packages, with a role of one task. */
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { initProject } from '../../src/project/scaffold/scaffold.js';

const VARS = `---
provisioner: roles/basefs/provision_tiny
packages: []
compression: lz4
`;

const TASKS = `---
- name: say hello
  ansible.builtin.copy:
    dest: /etc/motd
    content: tiny
`;

export class TinyProject implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** What `onib init` writes, without its images, and a base image "tiny". */
  static async create(): Promise<TinyProject> {
    const directory = await mkdtemp(path.join(tmpdir(), 'onib-tiny-'));
    const project = new TinyProject(directory);
    await initProject(directory);
    for (const name of ['vars', 'roles', 'boot-profiles.yml']) {
      await rm(path.join(directory, name), { recursive: true });
    }
    await project.write('vars/tiny.yml', VARS);
    await project.write('roles/basefs/provision_tiny/tasks/main.yml', TASKS);
    return project;
  }

  get store(): string {
    return path.join(this.directory, 'builds');
  }

  /** Takes away release and lock. */
  async forget(): Promise<void> {
    await rm(this.store, { recursive: true, force: true });
    await rm(path.join(this.directory, 'onib.lock'), { force: true });
  }

  async write(file: string, content: string): Promise<void> {
    const absolute = path.join(this.directory, file);
    await mkdir(path.dirname(absolute), { recursive: true });
    await writeFile(absolute, content);
  }

  async read(file: string): Promise<string> {
    return await readFile(path.join(this.directory, file), 'utf8');
  }

  async remove(file: string): Promise<void> {
    await rm(path.join(this.directory, file));
  }

  async append(file: string, content: string): Promise<void> {
    await appendFile(path.join(this.directory, file), content);
  }

  /** Replaces what a file says once; a test that no longer fits its file must fail. */
  async change(file: string, from: string, to: string): Promise<void> {
    const absolute = path.join(this.directory, file);
    const content = await readFile(absolute, 'utf8');
    if (!content.includes(from)) throw new Error(`${file} does not hold ${JSON.stringify(from)}`);
    await writeFile(absolute, content.replace(from, to));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
