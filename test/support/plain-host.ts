/** What is tested on a plain Debian: set-up, and what doctor says of it. */
import { expect, it } from 'vitest';
import { listedPackages, type DebianTree } from './debian-tree.js';

/** Where the project is in the tree. */
export const PROJECT = '/srv/onib';

/** Runs a line in the project; its whole output is in the message when it fails. */
export async function inProject(tree: DebianTree, line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await tree.run(`cd ${PROJECT} && ${line}`);
  expect(exitCode, `${line}\n${stdout.slice(-8000)}\n${stderr.slice(-8000)}`).toBe(0);
  return stdout;
}

/** Tests that bring a tree from nothing to a host that has what onib needs. */
export function testSetUp(tree: () => DebianTree): void {
  it('set-up brings everything that is missing', async () => {
    await tree().copyProject(PROJECT);
    expect(await inProject(tree(), 'npm run setup')).toContain('setup: everything is there');
    const installed = await inProject(tree(), "dpkg-query -W -f '${Package}\\n'");
    expect(installed.split('\n')).toEqual(expect.arrayContaining(await listedPackages()));
  });

  it('set-up does nothing where everything is there', async () => {
    const said = await inProject(tree(), 'scripts/setup.sh');
    expect(said).toBe('setup: everything is there\n');
  });

  it('onib doctor finds nothing that is missing, and starts a node of each firmware', async () => {
    const { checks, ready } = JSON.parse(await inProject(tree(), 'onib doctor --json')) as {
      readonly ready: boolean;
      readonly checks: readonly { readonly name: string; readonly state: string }[];
    };
    expect(checks.filter(({ state }) => state === 'lacks')).toEqual([]);
    expect(ready).toBe(true);
    const nodes = checks.filter(({ name }) => name.startsWith('virtual node'));
    expect(nodes.map(({ name, state }) => [name, state])).toEqual([
      ['virtual node, bios', 'ok'],
      ['virtual node, uefi', 'ok'],
    ]);
  });
}
