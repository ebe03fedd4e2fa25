/** Every row of the policy, by the real cleaning of a tree and the real check of what is packed of it. */
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withContents } from '../../../src/archive/contents/with-contents.js';
import { packOverlay } from '../../../src/archive/pack/pack-overlay.js';
import { findUnclean } from '../../../src/build/checks/hygiene.js';
import { cleanTree } from '../../../src/build/step/clean-tree.js';
import {
  CHECKED_KINDS,
  IMAGE_POLICY,
  removedPaths,
  type CheckedKind,
  type HygieneAllowed,
  type PolicyRow,
} from '../../../src/policy/image-policy.js';
import { removeBootstrapTraces } from '../../../src/provision/bootstrap/bootstrap-traces.js';

const ROWS: readonly PolicyRow[] = IMAGE_POLICY;
const HOST = { mirrors: ['mirror.example'], hostName: 'builder7', paths: ['/srv/images/cell'] };
/** Wrong by every row that reads what a file holds. */
const CONTENT = 'root:$y$j9T$x:20000::::::\nPRIVATE KEY mirror.example builder7 /srv/images/cell\n';

let work: string;
let tree: string;

beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-policy-'));
  tree = path.join(work, 'tree');
  await mkdir(tree);
});

afterEach(async () => {
  await rm(work, { recursive: true });
});

/** A path that the pattern fits. */
function sample(pattern: string): string {
  if (pattern === '**' || pattern === 'etc/**') return 'etc/some/file';
  return pattern
    .replace(/^\*\*\//, 'home/me/')
    .replaceAll('**', 'a/b')
    .replaceAll('*', 'x');
}

async function put(file: string): Promise<void> {
  const absolute = path.join(tree, file);
  await mkdir(path.dirname(absolute), { recursive: true });
  await writeFile(absolute, CONTENT);
}

async function packed(): Promise<string> {
  const file = path.join(work, 'x.cpio.gz');
  await packOverlay(tree, file, {});
  return file;
}

/** Paths that the check tells of a row, in an artifact of that kind. */
async function found(
  row: string,
  kind: CheckedKind,
  file: string,
  allowed: readonly HygieneAllowed[] = [],
): Promise<string[]> {
  const findings = await withContents(file, (contents) =>
    findUnclean(contents, kind, HOST, allowed),
  );
  return findings.filter(({ rule }) => rule.name === row).map((one) => one.path);
}

const isThere = (file: string): boolean => existsSync(path.join(tree, file));

describe.each(IMAGE_POLICY.map((row) => [row.name, row] as const))('the row %s', (name, one) => {
  const row: PolicyRow = one;
  const samples = [...new Set(row.paths.map(sample))];
  const removed = removedPaths(row).map(sample);

  it('is removed by the build, or found', async () => {
    for (const file of samples) await put(file);
    for (const file of removed) await put(file);
    await cleanTree(tree);
    for (const file of removed) expect([file, isThere(file)]).toEqual([file, false]);
    const left = samples.filter((file) => isThere(file));
    expect(left.length + removed.length).toBeGreaterThan(0);
    const file = await packed();
    for (const kind of CHECKED_KINDS) {
      const expected = row.kinds.includes(kind) ? left.sort() : [];
      expect([kind, await found(name, kind, file)]).toEqual([kind, expected]);
    }
  });

  it('is neither removed nor found where it is allowed', async () => {
    for (const file of [...samples, ...removed]) await put(file);
    const allowed = [...samples, ...removed].map((one) => ({ rule: name, path: one }));
    await cleanTree(tree, allowed);
    for (const file of samples) {
      const ofOthers = ROWS.some(
        (other) => other.name !== name && removedPaths(other).map(sample).includes(file),
      );
      expect([file, isThere(file) || ofOthers]).toEqual([file, true]);
    }
    const file = await packed();
    for (const kind of row.kinds) {
      expect([kind, await found(name, kind, file, allowed)]).toEqual([kind, []]);
      expect(await found(name, kind, file)).not.toEqual([]);
    }
  });

  it('has nothing of the bootstrapper stay', async () => {
    for (const trace of row.bootstrapper ?? []) await put(trace.path);
    await removeBootstrapTraces(tree, true);
    for (const { path: file, emptied } of row.bootstrapper ?? []) {
      if (emptied === true) expect((await lstat(path.join(tree, file))).size).toBe(0);
      else expect(isThere(file)).toBe(false);
    }
  });
});

describe('cleanTree() and findUnclean()', () => {
  it('take an allowed directory with all that is below it', async () => {
    await put('var/log/journal/1/system.journal');
    await put('var/log/other');
    const allowed = [{ rule: 'log', path: '/var/log/journal/' }] as const;
    await cleanTree(tree, allowed);
    expect(isThere('var/log/journal/1/system.journal')).toBe(true);
    expect(isThere('var/log/other')).toBe(false);
    expect(await found('log', 'base', await packed(), allowed)).toEqual([]);
  });

  it('leave the public default of sources where the build gave none', async () => {
    await put('etc/apt/sources.list');
    await removeBootstrapTraces(tree, false);
    expect(isThere('etc/apt/sources.list')).toBe(true);
  });
});
