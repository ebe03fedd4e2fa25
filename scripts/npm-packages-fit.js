// Exit 0 when node_modules holds what package-lock.json asks for, so that set-up can leave out `npm ci`.
// npm keeps its own record of what it installed in node_modules/.package-lock.json.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const record = path.join(root, 'node_modules/.package-lock.json');

function packagesOf(file) {
  return Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages).filter(([name]) => name);
}

function fits() {
  if (!existsSync(record)) return false;
  const installed = new Map(packagesOf(record));
  const wanted = new Map(packagesOf(path.join(root, 'package-lock.json')));
  const same = (name, { version }) => wanted.get(name)?.version === version;
  const there = (name, { optional }) =>
    optional === true || (installed.has(name) && existsSync(path.join(root, name)));
  return (
    [...installed].every(([name, entry]) => same(name, entry)) &&
    [...wanted].every(([name, entry]) => there(name, entry))
  );
}

process.exitCode = fits() ? 0 : 1;
