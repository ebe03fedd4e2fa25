import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { roleFile, RoleReader } from '../../../src/project/roles/role-reader.js';
import { wordsBelow } from '../../../src/facts/roles/role-words.js';
import { withProject } from '../project/temp-project.js';

async function words(text: string): Promise<readonly string[] | undefined> {
  return await withProject({ 'roles/a/tasks/main.yml': text }, async (root) => {
    const found = await wordsBelow(
      [path.join(root, 'roles/a'), path.join(root, 'nowhere')],
      new RoleReader(),
    );
    return found === undefined ? undefined : [...found].sort();
  });
}

describe('wordsBelow()', () => {
  test('wordsBelow() finds the names that stand in a role', async () => {
    expect(await words('- copy: {content: "{{ greeting_2 | upper }}"}')).toEqual([
      'content',
      'copy',
      'greeting_2',
      'upper',
    ]);
  });

  test('wordsBelow() finds those of files outside that a role names', async () => {
    await withProject({ 'common/motd.j2': '{{ ansible_hostname }}' }, async (root) => {
      const files = [await roleFile(root, 'common/motd.j2')];
      const found = await wordsBelow([], new RoleReader(), { directory: root, files });
      expect([...(found ?? [])]).toEqual(['ansible_hostname']);
    });
  });

  test.each([
    "{{ vars['greet' ~ 'ing'] }}",
    "{{ lookup('vars', 'greet' ~ 'ing') }}",
    "{{ lookup('ansible.builtin.vars', x) }}",
    '{{ hostvars[inventory_hostname].greeting }}',
    "{{ query('varnames', '^greet') }}",
  ])('wordsBelow() expects any variable of a role that looks names up: %s', async (text) => {
    expect(await words(`- debug: {msg: "${text}"}`)).toBeUndefined();
  });
});
