import { describe, expect, test } from 'vitest';
import { run } from '../../../src/host/run.js';
import { parseYamlFile } from '../../../src/project/yaml/yaml-file.js';

/** Values that YAML 1.1, YAML 1.2 and PyYAML do not all take for the same. */
const SCALARS = [
  ...['yes', 'No', 'ON', 'off', 'True', 'y', 'N', 'null', '~', ''],
  ...[
    '0644',
    '0o644',
    '0x1F',
    '0b101',
    '1_000',
    '09',
    '-12',
    '+7',
    '12:30:45',
    '52:54:00:12:34:56',
  ],
  ...['1.5', '1e3', '1.5e3', '1.5e+3', '12e45', '.5', '1.', '1_0.5', '190:20:30.15'],
  ...['2026-11-20', '2026-11-20 14:05:01', '1.2.3', '6.12.57+deb13-amd64', '<<x'],
];

describe('parseYamlFile()', () => {
  test('parseYamlFile() takes scalars for what PyYAML takes them for', async () => {
    const content = SCALARS.map((scalar, index) => `k${index}: ${scalar}\n`).join('');
    const { stdout } = await run(
      // Debian's own, for which its ansible package brings PyYAML.
      [
        '/usr/bin/python3',
        '-c',
        'import json,sys,yaml; print(json.dumps(yaml.safe_load(sys.stdin), default=str))',
      ],
      { input: content },
    );
    const expected = JSON.parse(stdout) as Record<string, unknown>;
    const { values } = parseYamlFile('x.yml', content, 'ansible', []);
    for (const [index, scalar] of SCALARS.entries()) {
      expect(values[`k${index}`], scalar).toEqual(expected[`k${index}`]);
    }
  });
});
