// Checks the arrows of .dependency-cruiser.cjs, and that the checker still checks: under a
// TypeScript that it cannot read, dependency-cruiser reports "no violations" over 0 modules.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const configuration = path.join(root, '.dependency-cruiser.cjs');
const program = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const folders = ['src', 'boot-server'];

/** Violations and the number of our own modules that were read, in a tree of src and boot-server. */
function cruise(directory) {
  const args = [program, '--config', configuration, '--output-type', 'json', ...folders];
  const { modules, summary } = JSON.parse(
    execFileSync(process.execPath, args, {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const own = modules.filter(({ source }) => /^(src|boot-server)\/.*[.]ts$/.test(source));
  return { violations: summary.violations, read: own.length };
}

function countSources(directory) {
  return folders
    .flatMap((folder) => readdirSync(path.join(directory, folder), { recursive: true }))
    .filter((name) => name.endsWith('.ts')).length;
}

const problems = [];

const canary = cruise(path.join(root, 'test/fixtures/arrows'));
const broken = new Set(canary.violations.map(({ rule }) => rule.name));
const rules = createRequire(import.meta.url)(configuration).forbidden.map(({ name }) => name);
for (const name of rules.filter((rule) => !broken.has(rule))) {
  problems.push(`the canary of rule ${name} passes: the rule rejects nothing`);
}

const { violations, read } = cruise(root);
const expected = countSources(root);
if (read < expected) problems.push(`only ${read} of ${expected} modules were read`);
for (const { rule, from, to } of violations) problems.push(`${rule.name}: ${from} → ${to}`);

for (const problem of problems) console.error(problem);
console.log(
  `${read} modules, ${rules.length} rules, each with a canary that fails: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
