/** The tables that drive the boot script, the script itself, and the document say the same. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { failuresTable } from '../../../src/contract/boot-failures.js';
import { parametersTable } from '../../../src/contract/kernel-parameters.js';
import { packagePath } from '../../../src/core/package.js';
import { libraryPath } from './boot-script.js';

async function readTable(name: string): Promise<string[][]> {
  const text = await readFile(path.join(libraryPath, name), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(' | '));
}

/** Rows of Markdown tables whose first cell is code, without the quotes of the first cell. */
async function readDocument(): Promise<string[][]> {
  const text = await readFile(packagePath('docs/boot-errors.md'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .replace(/^\| `([^`]+)`/, '$1')
        .replace(/ \|$/, '')
        .split(' | '),
    );
}

async function readScripts(): Promise<string> {
  const names = (await readdir(libraryPath)).filter((name) => name.endsWith('.sh'));
  const texts = await Promise.all(
    names.map((name) => readFile(path.join(libraryPath, name), 'utf8')),
  );
  const agent = packagePath('roles/basefs/provision_base/files/tree/usr/lib/onib/node-agent');
  return [...texts, await readFile(agent, 'utf8')].join('\n');
}

const byFirst = (one: string[], other: string[]): number =>
  (one[0] ?? '').localeCompare(other[0] ?? '');

// `npx vitest run --project unit -u initrd/documents` writes the tables anew.
it.each([
  ['failures.table', failuresTable()],
  ['parameters.table', parametersTable()],
])('%s is what the boot contract says', async (name, text) => {
  await expect(text).toMatchFileSnapshot(path.join(libraryPath, name));
});

describe('failures.table', () => {
  it('failures.table has four cells in every line', async () => {
    for (const row of await readTable('failures.table')) {
      expect(row, row[0]).toHaveLength(4);
      expect(row[0]).toMatch(/^[a-z]+(-[a-z]+)*$/);
    }
  });

  it('failures.table names every code that a script uses, and no other', async () => {
    const scripts = await readScripts();
    const used = [...scripts.matchAll(/onib_fail ([a-z-]+) |failed:([a-z-]+)/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
    const known = (await readTable('failures.table')).map(([code]) => code);
    expect([...new Set(used)].filter((code) => code !== '').sort()).toEqual(known.sort());
  });

  it('docs/boot-errors.md has the same lines', async () => {
    const documented = (await readDocument()).filter((row) => row.length === 4);
    expect(documented.sort(byFirst)).toEqual((await readTable('failures.table')).sort(byFirst));
  });
});

describe('parameters.table', () => {
  it('parameters.table names variables that a script reads', async () => {
    const scripts = await readScripts();
    for (const [, variable] of await readTable('parameters.table')) {
      expect(scripts).toMatch(new RegExp(`\\$\\{?${variable ?? ''}\\b`));
    }
  });
});
