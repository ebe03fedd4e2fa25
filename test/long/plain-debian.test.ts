/** A plain Debian of each release becomes a host, builds the default project and boots nodes from it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebianTree } from '../support/debian-tree.js';
import { before, nothingLeft, type Before } from '../support/leftovers.js';
import { inProject, testSetUp } from '../support/plain-host.js';

interface BootLine {
  readonly schema: string;
  readonly firmware?: string;
  readonly reason?: string;
  readonly stages?: readonly { readonly stage: string }[];
  readonly emulatorFaults?: readonly { readonly line: string }[];
}

describe.each(['bookworm', 'trixie'] as const)('a plain Debian, %s', (suite) => {
  let tree: DebianTree;
  let start: Before;

  beforeAll(async () => {
    start = await before();
    tree = await DebianTree.bootstrap(suite);
  });

  afterAll(async () => {
    await tree[Symbol.asyncDispose]();
  });

  testSetUp(() => tree);

  it('builds the default project', async () => {
    await inProject(tree, 'onib build all --quiet');
    expect(await inProject(tree, 'onib verify')).toBeDefined();
  });

  it.each([
    ['bios', 'full'],
    ['uefi', 'proxy'],
  ])('boots a node by %s, %s DHCP', async (firmware, dhcp) => {
    const options = `--firmware ${firmware} --dhcp ${dhcp} --until-ready --timeout 900 --again 2`;
    const said = await inProject(tree, `onib boot ${options} --json`);
    const lines = said.trimEnd().split('\n');
    const objects = lines.map((line) => JSON.parse(line) as BootLine);
    const end = objects.find(({ schema }) => schema === 'onib.boot/1');
    expect(end).toMatchObject({ firmware, reason: 'stopped' });
    expect(end?.stages?.at(-1)?.stage).toBe('ready');
    const again = end?.emulatorFaults ?? [];
    console.log(
      `${suite}, ${firmware}: booted again for the emulator ${again.length} times`,
      again,
    );
  });

  it('leaves nothing on this machine', async () => {
    await nothingLeft(start, tree.directory);
  });
});
