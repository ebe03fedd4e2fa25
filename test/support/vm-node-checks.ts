/** What tests look at inside a booted node, through its root shell. */
import { execa } from 'execa';
import { expect } from 'vitest';
import type { VirtualNode } from '../../src/vm/node.js';

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

/** Names in an initrd: one zstd-compressed cpio archive, read by zstd and GNU cpio. */
export async function initrdNames(file: string): Promise<string[]> {
  const { stdout } = await execa('zstd', ['-dcq', file], { encoding: 'buffer' }).pipe(
    'cpio',
    ['-it', '--quiet'],
    { encoding: 'utf8' },
  );
  return stdout.split('\n');
}
