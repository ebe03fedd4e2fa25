import { chmod, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesNamedBy } from '../../../src/facts/roles/named-files.js';
import { roleClosure } from '../../../src/facts/roles/role-closure.js';
import { filesOfRoles, payloadOfRoles } from '../../../src/facts/roles/role-files.js';
import { RoleReader } from '../../../src/project/roles/role-reader.js';
import { withProject, type Files } from '../project/temp-project.js';

const ROLES: Files = {
  'roles/overlay/a/tasks/main.yml': [
    '- ansible.builtin.import_role:',
    '    name: common',
    '- block:',
    '    - include_role: name=overlay/deep tasks_from=x',
    '- include_role:',
    '    name: "{{ chosen }}"',
  ].join('\n'),
  'roles/overlay/a/meta/main.yml': 'dependencies:\n  - role: b\n  - {role: nowhere}\n',
  'roles/overlay/a/files/tool.sh': 'echo\n',
  'roles/overlay/a/files/tool.sh~': 'old\n',
  'roles/overlay/b/tasks/main.yml': '- import_role: {name: a}\n',
  'roles/common/tasks/main.yml': '[]\n',
  'roles/overlay/deep/tasks/main.yml': 'a: b: c\n',
  'roles/overlay/unused/tasks/main.yml': '[]\n',
};

/** As facts are gathered: the files of a role, of those that it brings along, and of those that it names. */
async function roleFiles(root: string, role: string): Promise<Readonly<Record<string, string>>> {
  const reader = new RoleReader();
  const { directories } = await roleClosure(root, role, reader);
  const { files } = await filesNamedBy(root, directories, reader);
  return await filesOfRoles(root, directories, files, reader);
}

describe('filesOfRoles()', () => {
  test('filesOfRoles() has the files of a role and of all that it brings along, each once', async () => {
    await withProject(ROLES, async (root) => {
      const digests = await roleFiles(root, path.join(root, 'roles/overlay/a'));
      expect(Object.keys(digests).sort()).toEqual([
        'role roles/common/tasks/main.yml',
        'role roles/overlay/a/files/tool.sh',
        'role roles/overlay/a/meta/main.yml',
        'role roles/overlay/a/tasks/main.yml',
        'role roles/overlay/b/tasks/main.yml',
        'role roles/overlay/deep/tasks/main.yml',
        // It may be the one that is meant by "{{ chosen }}".
        'role roles/overlay/unused/tasks/main.yml',
      ]);
    });
  });

  test('filesOfRoles() has files of the project that a role names by their path', async () => {
    const files: Files = {
      'roles/overlay/a/tasks/main.yml': [
        '- copy: {src: ../../../../common/motd, dest: /etc/motd}',
        '- include_tasks: ../../shared/tasks.yml',
        '- script: roles/overlay/shared/run.sh',
        '- copy: {src: /etc/passwd, dest: /etc/shadow}',
        '- template: {src: own.j2, dest: /etc/own}',
      ].join('\n'),
      'roles/common/motd': 'not this one\n',
      'common/motd': 'hello\n',
      'roles/overlay/shared/tasks.yml': '[]\n',
      'roles/overlay/shared/run.sh': 'true\n',
      'roles/overlay/a/templates/own.j2': '\n',
    };
    await withProject(files, async (root) => {
      const digests = await roleFiles(root, path.join(root, 'roles/overlay/a'));
      expect(Object.keys(digests).sort()).toEqual([
        'file common/motd',
        'file roles/overlay/shared/run.sh',
        'file roles/overlay/shared/tasks.yml',
        'role roles/overlay/a/tasks/main.yml',
        'role roles/overlay/a/templates/own.j2',
      ]);
    });
  });

  test('filesOfRoles() changes with content, execute bit and symlink targets, and with nothing else', async () => {
    await withProject(ROLES, async (root) => {
      const role = path.join(root, 'roles/overlay/a');
      const tool = path.join(role, 'files/tool.sh');
      const digest = async (name: string): Promise<string | undefined> =>
        (await roleFiles(root, role))[`role roles/overlay/a/files/${name}`];
      const first = await digest('tool.sh');
      await chmod(tool, 0o600);
      expect(await digest('tool.sh')).toBe(first);
      await chmod(tool, 0o755);
      const executable = await digest('tool.sh');
      expect(executable).not.toBe(first);
      await writeFile(tool, 'echo changed\n');
      expect(await digest('tool.sh')).not.toBe(executable);
      await symlink('nowhere', path.join(role, 'files/dangling'));
      const dangling = await digest('dangling');
      expect(dangling).toMatch(/^sha256:/);
      await symlink('.', path.join(role, 'files/loop'));
      expect(await digest('dangling')).toBe(dangling);
    });
  });
});

describe('roleClosure()', () => {
  test('roleClosure() says whether every role was found that is named', async () => {
    const files: Files = {
      'roles/overlay/a/tasks/main.yml': '- import_role: {name: b}\n',
      'roles/overlay/b/tasks/main.yml': '[]\n',
      'roles/overlay/c/tasks/main.yml': '- import_role: {name: some.collection.role}\n',
    };
    await withProject(files, async (root) => {
      const closureOf = async (name: string): Promise<boolean> =>
        (await roleClosure(root, path.join(root, 'roles/overlay', name), new RoleReader()))
          .complete;
      expect(await Promise.all(['a', 'b', 'c'].map(closureOf))).toEqual([true, true, false]);
    });
  });
});

describe('filesNamedBy()', () => {
  const named = async (task: string): Promise<[readonly string[], boolean]> => {
    const files: Files = {
      'roles/overlay/a/tasks/main.yml': `- ${task}\n`,
      'common/motd.j2': '{{ ansible_hostname }}\n',
      'common/deep/x': '\n',
    };
    return await withProject(files, async (root) => {
      const role = path.join(root, 'roles/overlay/a');
      const found = await filesNamedBy(root, [role], new RoleReader());
      return [found.files, found.complete];
    });
  };

  test.each<[string, readonly string[], boolean]>([
    ['template: {src: ../../../../common/motd.j2, dest: /etc/motd}', ['common/motd.j2'], true],
    ['copy: {src: own/motd, dest: "/etc/{{ name }}/motd"}', [], true],
    ['copy: {src: "../../../../common/{{ name }}", dest: /etc/motd}', [], false],
    ['include_tasks: "{{ playbook_dir }}/x.yml"', [], false],
    ['copy: {src: ../../../../common/deep, dest: /etc}', [], false],
  ])('filesNamedBy() of %s', async (task, files, complete) => {
    expect(await named(task)).toEqual([files, complete]);
  });
});

describe('payloadOfRoles()', () => {
  const payload = async (more: Files): Promise<string[]> => {
    const files: Files = {
      'roles/overlay/a/tasks/main.yml':
        '- name: add a script\n  apt: {name: tree}\n- template: {src: own.j2, dest: /etc/own}\n',
      'roles/overlay/a/files/tool.sh': 'captain adapts\n',
      'roles/overlay/a/templates/own.j2': '{{ own_word }}\n',
      ...more,
    };
    return await withProject(files, async (root) => {
      const names = await payloadOfRoles(
        root,
        [path.join(root, 'roles/overlay/a')],
        new RoleReader(),
      );
      return names.map((name) => name.replace('role roles/overlay/a/', ''));
    });
  };
  const tasks = (text: string): Files => ({ 'roles/overlay/a/tasks/more.yml': text });

  test('payloadOfRoles() has texts that are only copied', async () => {
    const more = {
      'roles/overlay/a/files/binary': '\0\n',
      'roles/overlay/a/files/large': 'x'.repeat(2 * 1024 * 1024),
      'roles/overlay/a/files/tool_1.0_all.deb': '!<arch>\n',
      ...tasks('- copy: {src: "{{ item }}", dest: /etc}\n  with_items: [a, b]\n'),
    };
    expect(await payload(more)).toEqual(['files/tool.sh', 'templates/own.j2']);
  });

  test.each([
    ['calls apt-get', { 'roles/overlay/a/files/install.sh': 'apt-get install -y "$@"\n' }],
    ['calls apt', tasks('- shell: xargs apt install -y </etc/list\n')],
    ['asks dpkg', { 'roles/overlay/a/templates/x.j2': "{{ lookup('pipe', 'dpkg -l') }}\n" }],
    ['looks into a file', tasks("- apt: {name: \"{{ lookup('file', 'list') }}\"}\n")],
    ['keeps a result', tasks('- command: cat /etc/list\n  register: list\n')],
    ['runs a script', tasks('- script: tool.sh\n')],
    ['goes through files', tasks('- apt: {name: "{{ item }}"}\n  with_lines: cat list\n')],
  ])('payloadOfRoles() has nothing of a role that %s', async (_, more) => {
    expect(await payload(more)).toEqual([]);
  });
});
