import { describe, expect, test } from 'vitest';
import { formatPlace, type OnibError } from '../../../src/core/errors.js';
import { parseYamlFile, type YamlDialect } from '../../../src/project/yaml/yaml-file.js';

function parse(content: string, dialect: YamlDialect = 'ansible') {
  const problems: OnibError[] = [];
  const yaml = parseYamlFile('vars/x.yml', content, dialect, problems);
  const said = problems.map(
    ({ message, where, hint }) =>
      `${where === undefined ? '' : formatPlace(where)} ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
  return { yaml, said };
}

describe('parseYamlFile()', () => {
  test('parseYamlFile() reads values as Ansible does', () => {
    const { yaml, said } = parse(
      [
        'yes_word: yes',
        'off_word: off',
        'y_word: y',
        'mode: 0644',
        'date: 2026-11-20',
        'commit: 12e45',
        'size: 1.5e+3',
        'clock: 12:30:45',
        'text: "0644"',
        'none: ~',
      ].join('\n'),
    );
    expect(said).toEqual([]);
    expect(yaml.values).toEqual({
      yes_word: true,
      off_word: false,
      y_word: 'y',
      mode: 0o644,
      date: '2026-11-20',
      commit: '12e45',
      size: 1500,
      clock: 45_045,
      text: '0644',
      none: null,
    });
  });

  test('parseYamlFile() keeps unsafe and vault text in the form of Ansible JSON', () => {
    const { yaml, said } = parse(
      'a: !unsafe "{{ b }}"\nb: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n',
    );
    expect(said).toEqual([]);
    expect(yaml.values).toEqual({
      a: { __ansible_unsafe: '{{ b }}' },
      b: { __ansible_vault: '$ANSIBLE_VAULT;1.1;AES256\n3132\n' },
    });
  });

  test('parseYamlFile() merges and aliases', () => {
    const { yaml } = parse('a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n');
    expect(yaml.values.b).toEqual({ x: 1, y: 3 });
  });

  test('parseYamlFile() reads a MAC address as text in onib’s own files', () => {
    const { yaml } = parse('node: 52:54:00:12:34:56', 'onib');
    expect(yaml.values.node).toBe('52:54:00:12:34:56');
  });

  test('parseYamlFile() knows the places of keys, values and entries', () => {
    const { yaml } = parse('---\nprovisioner:\n  - a\n  - b\nbase:   x\n');
    expect(formatPlace(yaml.place(['provisioner']))).toBe('vars/x.yml:2:1');
    expect(formatPlace(yaml.valuePlace(['provisioner', 1]))).toBe('vars/x.yml:4:5');
    expect(formatPlace(yaml.place(['base']))).toBe('vars/x.yml:5:1');
    expect(formatPlace(yaml.valuePlace(['base']))).toBe('vars/x.yml:5:9');
    expect(formatPlace(yaml.valuePlace(['absent', 3]))).toBe('vars/x.yml:2:1');
  });

  test.each([
    [
      'a: 1\na: 2\n',
      ['vars/x.yml:2:1 Cannot read "vars/x.yml": map keys must be unique (keep one of the two)'],
    ],
    [
      'a: b: c\n',
      [/^vars\/x\.yml:1:4 Cannot read "vars\/x\.yml": nested mappings are not allowed/],
    ],
    ['a:\n\t- b\n', [/^vars\/x\.yml:2:1 .*tab.*\(indent with spaces\)$/i]],
    ['a: [1, 2\n', [/^vars\/x\.yml:2:1 /]],
    [
      '- a\n- b\n',
      [
        'vars/x.yml:1:1 Cannot read "vars/x.yml": expected keys and values (write "key: value" lines)',
      ],
    ],
    [
      'just text',
      [
        'vars/x.yml:1:1 Cannot read "vars/x.yml": expected keys and values (write "key: value" lines)',
      ],
    ],
    ['a: !mine x\n', [/^vars\/x\.yml:1:4 .*[Uu]nresolved tag: !mine/]],
    [
      'a: 12345678901234567890\n',
      [
        'vars/x.yml:1:4 Cannot read "vars/x.yml": the number 12345678901234567890 cannot be passed on exactly (quote it)',
      ],
    ],
    [
      'a: .inf\n',
      [
        'vars/x.yml:1:4 Cannot read "vars/x.yml": the number .inf cannot be passed on exactly (quote it)',
      ],
    ],
  ])('parseYamlFile(%j) tells what is wrong and where', (content, expected) => {
    const { said } = parse(content);
    expect(said).toHaveLength(expected.length);
    for (const [index, one] of expected.entries()) {
      if (typeof one === 'string') expect(said[index]).toBe(one);
      else expect(said[index]).toMatch(one);
    }
  });

  test.each(['', '---\n', '# only a comment\n', '{}'])(
    'parseYamlFile(%j) has no keys',
    (content) => {
      const { yaml, said } = parse(content);
      expect(said).toEqual([]);
      expect(yaml.values).toEqual({});
      expect(yaml.place().file).toBe('vars/x.yml');
    },
  );
});
