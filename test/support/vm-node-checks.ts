/** What tests look at inside a booted node, through its root shell. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { VirtualNode } from '../../src/vm/node.js';

const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** What a command prints; the test fails when the command does. */
export async function outputOf(node: VirtualNode, command: string): Promise<string> {
  const { exitCode, output } = await node.shell.run(command);
  expect(exitCode, `${command}\n${output}`).toBe(0);
  return output.trimEnd();
}

/** Directories stacked at `/`, the topmost first. */
export async function lowerDirectories(node: VirtualNode): Promise<string[]> {
  const line = await outputOf(node, "grep ' / overlay ' /proc/mounts");
  const options = (line.split(' ')[3] ?? '').split(',');
  return options.flatMap((option) => {
    const [key = '', value = ''] = option.split('=');
    return key.startsWith('lowerdir') ? value.split(':').filter((word) => word !== '') : [];
  });
}

/**
 * Names in an initrd, read by zstd and GNU cpio: an archive of what is compressed already, then one
 * that zstd has compressed.
 */
export async function initrdNames(file: string): Promise<string[]> {
  const bytes = await readFile(file);
  const start = bytes.indexOf(ZSTD_MAGIC, bytes.indexOf('TRAILER!!!'));
  const main = await execa('zstd', ['-dcq'], {
    input: bytes.subarray(start),
    encoding: 'buffer',
    maxBuffer: 1 << 30,
  });
  const archives = [bytes.subarray(0, start), main.stdout];
  const lists = await Promise.all(
    archives.map(async (input) => await execa('cpio', ['-it', '--quiet'], { input })),
  );
  return lists.flatMap(({ stdout }) => stdout.split('\n'));
}
