// Checks that no export, file or dependency is dead, and that the checker still finds dead ones.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const program = path.join(root, 'node_modules/knip/bin/knip.js');

/** Knip's exit code (0 nothing dead, 1 something dead, 2 it could not tell) and report. */
function knip(directory, ...options) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...options], {
    cwd: directory,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

const problems = [];

const canary = knip(path.join(root, 'test/fixtures/exports'), '--no-progress');
for (const dead of ['unused-file.ts', 'dead ']) {
  if (canary.status !== 1 || !canary.output.includes(dead)) {
    problems.push(`the canary passes: "${dead.trim()}" is not found\n${canary.output}`);
  }
}

const { status, output } = knip(root, '--no-progress', '--treat-config-hints-as-errors');
if (status !== 0) problems.push(output);

for (const problem of problems) console.error(problem);
console.log(
  `exports, files and dependencies, with a canary that fails: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
