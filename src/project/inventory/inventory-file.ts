/** The inventory's own file, `hosts`: read here for places alone. What it says is Ansible's to tell. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { OnibError } from '../../core/errors.js';
import { configProblem } from '../yaml/problems.js';

const INVENTORY_FILES = ['hosts', 'hosts.yml', 'hosts.yaml'];

export interface InventoryFile {
  /** Relative to the project. */
  readonly file: string;
  /** Empty for a directory of inventories. */
  readonly content: string;
}

/** Finds and reads the inventory; that there is none goes to `problems`. */
export async function readInventoryFile(
  root: string,
  problems: OnibError[],
): Promise<InventoryFile> {
  const file = INVENTORY_FILES.find((name) => existsSync(path.join(root, name)));
  if (file === undefined) {
    problems.push(
      configProblem(
        'INVENTORY',
        'Cannot read inventory "hosts": there is no such file',
        { file: 'hosts' },
        'onib init writes one',
      ),
    );
    return { file: 'hosts', content: '' };
  }
  // A directory of inventories, or a script, is Ansible's business; only places are lost.
  const content = await readFile(path.join(root, file), 'utf8').catch(() => '');
  return { file, content };
}
