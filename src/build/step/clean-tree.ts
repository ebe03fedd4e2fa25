/** Removes from a tree what no image may hold and programs leave behind: column `removed` of policy/image-policy.ts. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { bytesOf, byteString, joinPath, type ByteString } from '../../core/byte-string.js';
import { removeTree } from '../../host/trees.js';
import {
  IMAGE_POLICY,
  removedPaths,
  type HygieneAllowed,
  type PolicyRow,
} from '../../policy/image-policy.js';
import { allowedBy } from '../checks/allowed.js';
import { compileExclusion, type Exclusion } from '../../archive/tree/exclusion.js';

interface Removal {
  readonly fits: Exclusion;
  readonly isAllowed: Exclusion;
  readonly anyKind: boolean;
}

/** Cleans a tree, or the changes over one: directories belong to packages and stay, and so do whiteouts. */
export async function cleanTree(
  tree: string,
  allowed: readonly HygieneAllowed[] = [],
): Promise<void> {
  const root = byteString(tree);
  const rows: readonly PolicyRow[] = IMAGE_POLICY;
  for (const row of rows) {
    for (const pattern of removedPaths(row)) {
      const removal = {
        fits: compileExclusion([pattern]),
        isAllowed: allowedBy(row.name, allowed),
        anyKind: row.anyKind === true,
      };
      const start = await literalStart(root, pattern);
      if (start !== undefined) await removeFitting(root, start, removal);
    }
  }
}

/**
 * The path below which, or at which, everything lies that the pattern can fit; undefined: there is none. A link on the
 * way leads out of the tree.
 */
async function literalStart(root: ByteString, pattern: string): Promise<ByteString | undefined> {
  const names = pattern.split('/');
  const wild = names.findIndex((name) => /[*?[\\]/.test(name));
  const literal = wild < 0 ? names : names.slice(0, wild);
  let start = '';
  for (const [index, name] of literal.entries()) {
    start = joinPath(start, byteString(name));
    const stats = await statOf(joinPath(root, start));
    if (stats === undefined) return undefined;
    const isLast = wild < 0 && index === literal.length - 1;
    if (!isLast && !stats.isDirectory()) return undefined;
  }
  return start;
}

async function removeFitting(root: ByteString, at: ByteString, removal: Removal): Promise<void> {
  const file = joinPath(root, at);
  const stats = await statOf(file);
  if (stats === undefined) return;
  const goes = removal.fits(at) && !removal.isAllowed(at);
  if (stats.isDirectory() && goes && removal.anyKind) await removeTree(bytesOf(file).toString());
  else if (stats.isDirectory()) {
    for (const name of await readdir(bytesOf(file), { encoding: 'latin1' })) {
      await removeFitting(root, joinPath(at, name), removal);
    }
  } else if (goes && (stats.isFile() || stats.isSymbolicLink())) {
    // A whiteout (character device 0:0) deletes a file of the layer below.
    await rm(bytesOf(file));
  }
}

async function statOf(file: ByteString): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  return await lstat(bytesOf(file)).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      return undefined;
    }
    throw error;
  });
}
