/** Throw-away projects, read by the real Ansible. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { formatPlace, OnibError, OnibErrors } from '../../../src/core/errors.js';
import { loadProject } from '../../../src/project/load.js';

const directories: string[] = [];

/** Makes a project of these files; a file whose content begins with `#!` becomes a program. */
export async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'onib-project-'));
  directories.push(root);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    if (content.startsWith('#!')) await chmod(file, 0o755);
  }
  return root;
}

export async function removeProjects(): Promise<void> {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
}

/** What is wrong with a project: `file:line:column message`. */
export async function problemsOf(root: string): Promise<string[]> {
  try {
    await loadProject(root);
    return [];
  } catch (error) {
    const problems = error instanceof OnibErrors ? error.problems : [error];
    return problems.map((problem) => {
      if (!(problem instanceof OnibError)) throw problem;
      const place = problem.where === undefined ? '' : `${formatPlace(problem.where)} `;
      return `${place}${problem.message}`;
    });
  }
}
