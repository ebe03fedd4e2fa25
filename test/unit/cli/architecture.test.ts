/** docs/architecture.md leads through the tree as it is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packagePath } from '../../../src/core/package.js';

const text = readFileSync(packagePath('docs/architecture.md'), 'utf8');

/** What stands in code and looks like a path of the repository. */
const named = [...text.matchAll(/`([.\w-]+(?:\/[\w.-]+)*\/?)`/g)]
  .map(([, name = '']) => name)
  .filter((name) =>
    /^(?:src|boot-server|roles|bench|test|templates|playbooks)\/|^[.]dep/.test(name),
  );

function foldersOf(directory: string): string[] {
  return readdirSync(packagePath(directory), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${directory}/${name}/`);
}

describe('docs/architecture.md', () => {
  it('names files and folders that exist', () => {
    expect(named.length).toBeGreaterThan(25);
    expect(named.filter((name) => !existsSync(packagePath(name)))).toEqual([]);
  });

  it('leads through every room of src', () => {
    const missing = foldersOf('src').filter((room) => !named.some((name) => name.startsWith(room)));
    expect(missing).toEqual([]);
  });

  it('leads through every room that a DHCP packet passes', () => {
    const rooms = ['udp', 'dhcp', 'assign', 'tftp', 'http', 'ipxe', 'nodes', 'web'];
    for (const room of rooms) expect(named.join(' ')).toContain(`boot-server/${room}/`);
  });
});
