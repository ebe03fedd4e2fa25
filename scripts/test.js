// `npm test`: set-up, static checks, then the unit, integration and e2e tests.
// The last line is the sum over everything: `N passed, N failed, N skipped`.
// It runs before there are npm packages, so it uses only what Node brings.
// `npm test -- unit e2e` runs those projects only; `long` runs only where it is asked for.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChecks, checks } from './check.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const usualProjects = ['unit', 'integration', 'e2e'];
const allProjects = [...usualProjects, 'long'];
const asked = process.argv.slice(2);

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  // The children are in this process group and end by themselves; what ran so far is summed up.
  process.on(signal, () => {
    interrupted = true;
  });
}

function heading(text) {
  console.log(`\n== ${text}`);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Counts of one vitest run, from its JSON report; a run that fails without a failed test counts as one. */
function count(report, exitCode) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const brokenFiles = result.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = result.numFailedTests + brokenFiles;
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

async function runProject(project, reports) {
  const report = path.join(reports, `${project}.json`);
  const vitest = [
    path.join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--project', project, '--reporter=default', '--reporter=json'],
    `--outputFile.json=${report}`,
    ...(project === 'unit' ? ['--coverage'] : []),
  ];
  // Mounts, namespaces and chroots need root.
  const needsRoot = project !== 'unit' && process.getuid() !== 0;
  const [command, ...args] = [
    ...(needsRoot ? ['sudo', 'env', `PATH=${process.env.PATH}`] : []),
    process.execPath,
    ...vitest,
  ];
  return count(report, await run(command, args));
}

const total = { passed: 0, failed: 0, skipped: 0 };
function add(counts) {
  for (const key of Object.keys(total)) total[key] += counts[key];
}

async function runAll(projects, reports) {
  heading('set-up');
  const ready = (await run('bash', ['scripts/setup.sh'])) === 0;
  add({ passed: ready ? 1 : 0, failed: ready ? 0 : 1, skipped: 0 });
  if (!ready) return;
  if (asked.length === 0) {
    heading('static checks');
    // Set-up has compiled everything: types are checked.
    add(await runChecks(checks.filter(([name]) => name !== 'types')));
  }
  for (const project of projects) {
    if (interrupted) return;
    heading(`${project} tests`);
    add(await runProject(project, reports));
  }
}

const unknown = asked.filter((project) => !allProjects.includes(project));
if (unknown.length > 0) {
  console.error(`unknown test project ${unknown.join(', ')}; there are ${allProjects.join(', ')}`);
  process.exit(2);
}

const reports = mkdtempSync(path.join(tmpdir(), 'onib-test-'));
try {
  await runAll(asked.length > 0 ? asked : usualProjects, reports);
} catch (error) {
  console.error(error);
  add({ passed: 0, failed: 1, skipped: 0 });
} finally {
  rmSync(reports, { recursive: true, force: true });
}
if (interrupted) console.log('interrupted: not everything was run');
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = interrupted ? 130 : total.failed === 0 ? 0 : 1;
