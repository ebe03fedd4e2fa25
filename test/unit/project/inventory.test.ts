import { describe, expect, test } from 'vitest';
import { formatPlace, type OnibError } from '../../../src/core/errors.js';
import { inventoryProblem, parseInventory } from '../../../src/project/inventory/inventory.js';
import { inventoryJson, inOneLine } from './temp-project.js';

function parse(json: string) {
  const problems: OnibError[] = [];
  return { inventory: parseInventory(json, 'hosts', problems), said: problems.map(inOneLine) };
}

interface Listing {
  _meta: { hostvars: Record<string, Record<string, unknown>> };
  overlay_build_chroot: { hosts: string[] };
}

function changed(change: (listing: Listing) => void): string {
  const listing = JSON.parse(inventoryJson({ suite: 'trixie' })) as Listing;
  change(listing);
  return JSON.stringify(listing);
}

describe('parseInventory()', () => {
  test('parseInventory() has the variables of each kind’s group', () => {
    const json = changed(({ _meta }) => {
      _meta.hostvars.onib_overlay = { suite: 'sid' };
    });
    expect(parse(json)).toEqual({
      inventory: {
        project: { suite: 'trixie' },
        groups: {
          base: { suite: 'trixie' },
          initrd: { suite: 'trixie' },
          overlay: { suite: 'sid' },
        },
      },
      said: [],
    });
  });

  test('parseInventory() takes the line of a host as on-imagebuilder had it, without its connection', () => {
    const json = changed((listing) => {
      listing.overlay_build_chroot.hosts.unshift('/tmp/overlay');
      listing._meta.hostvars['/tmp/overlay'] = { ansible_connection: 'chroot', own: 1 };
    });
    expect(parse(json).inventory.groups.overlay).toEqual({ own: 1 });
  });

  test('parseInventory() refuses hosts that disagree', () => {
    const json = changed((listing) => {
      listing.overlay_build_chroot.hosts.push('one', 'two');
      Object.assign(listing._meta.hostvars, { one: { a: 1 }, two: { a: 2 } });
    });
    expect(parse(json).said).toEqual([
      'hosts Cannot use inventory "hosts": group overlay_build_chroot has 2 hosts with different variables (a build has one tree: keep one host, or none, and write variables into group_vars)',
    ]);
  });
});

describe('inventoryProblem()', () => {
  const INI = `[WARNING]:  * Failed to parse /p/hosts with yaml plugin: We were unable
to read either as JSON nor YAML, these are the errors we got from each: JSON:
Expecting value: line 1 column 2 (char 1)  Syntax Error while loading YAML.
did not find expected <document start>  The error appears to be in
'/p/hosts': line 2, column 1, but may be elsewhere in the file depending
on the exact syntax problem.  The offending line appears to be:  [build_local]
localhost ansible_connection=local ^ here
[WARNING]:  * Failed to parse /p/hosts with ini plugin:
/p/hosts:11: Expected key=value, got: [bad
[WARNING]: Unable to parse /p/hosts as an inventory source
ERROR! Completely failed to parse inventory source /p/hosts
`;

  test('inventoryProblem() takes line and words of the INI plugin', () => {
    const problem = inventoryProblem(INI, '/p', 'hosts');
    expect(inOneLine(problem)).toBe(
      'hosts:11 Cannot read inventory "hosts": Expected key=value, got: [bad',
    );
    expect(problem.exitCode).toBe(2);
    expect(problem.details.at(-1)).toBe(
      'ERROR! Completely failed to parse inventory source /p/hosts',
    );
  });

  test('inventoryProblem() finds the line behind a path that Ansible folded', () => {
    const root = `/srv/${'long/'.repeat(30)}p`;
    const stderr = `[WARNING]:  * Failed to parse
${root.slice(0, 79)}
${root.slice(79)}/hosts with ini plugin:
${root.slice(0, 79)}
${root.slice(79)}/hosts:3: Section [a:children] includes undefined
group: b
`;
    expect(inOneLine(inventoryProblem(stderr, root, 'hosts'))).toBe(
      'hosts:3 Cannot read inventory "hosts": Section [a:children] includes undefined group: b',
    );
  });

  test('inventoryProblem() takes line and column of a YAML file', () => {
    const stderr = `ERROR! We were unable to read either as JSON nor YAML, these are the errors we got from each:
JSON: Expecting value: line 1 column 1 (char 0)

Syntax Error while loading YAML.
  mapping values are not allowed in this context

The error appears to be in '/p/group_vars/all': line 1, column 5, but may
be elsewhere in the file depending on the exact syntax problem.
`;
    expect(inOneLine(inventoryProblem(stderr, '/p', 'hosts'))).toBe(
      'group_vars/all:1:5 Cannot read inventory "hosts": mapping values are not allowed in this context',
    );
  });

  test('inventoryProblem() passes on what it does not know', () => {
    const problem = inventoryProblem('ERROR! something new\n', '/p', 'hosts');
    expect(problem.message).toBe('Cannot read inventory "hosts": Ansible does not understand it');
    expect(problem.details).toEqual(['ERROR! something new']);
    expect(formatPlace(problem.where ?? { file: '' })).toBe('hosts');
  });
});
