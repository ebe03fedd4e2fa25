import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withWorkingSudo } from '../../../src/cli/show/sudo.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'onib-sudo-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function program(name: string): Promise<void> {
  await writeFile(path.join(directory, name), '#!/bin/sh\n');
  await chmod(path.join(directory, name), 0o755);
}

describe('withWorkingSudo()', () => {
  it('hands the PATH over while sudo would not find onib and node', async () => {
    const handed = 'sudo env PATH="$PATH" onib build all';
    expect(withWorkingSudo('sudo onib build all', [directory])).toBe(handed);
    await program('onib');
    expect(withWorkingSudo('sudo onib build all', [directory])).toBe(handed);
    await program('node');
    expect(withWorkingSudo('sudo onib build all', [directory])).toBe('sudo onib build all');
  });

  it('leaves other hints as they are', () => {
    expect(withWorkingSudo('onib build base', [])).toBe('onib build base');
    expect(withWorkingSudo(undefined, [])).toBeUndefined();
  });
});
