/** `--jobs`: independent images at the same time, and what becomes of the others when one fails. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../../src/store/store.js';
import { before, nothingLeft, type Before } from '../../support/leftovers.js';
import { runBuild, runOnib } from '../../support/onib-command.js';
import { TinyProject } from '../../support/tiny-project.js';

const NAMES = ['one', 'two', 'three'] as const;

let project: TinyProject;
let state: Before;

const tasks = (name: string): string => `---
- name: a file
  ansible.builtin.copy:
    dest: /etc/${name}
    content: ${name}
`;

beforeAll(async () => {
  project = await TinyProject.create();
  state = await before();
  for (const name of NAMES) {
    await project.write(`roles/overlay/${name}/tasks/main.yml`, tasks(name));
    await project.write(`vars/${name}.yml`, `---\nprovisioner: roles/overlay/${name}\n`);
  }
  expect((await build(['base'])).exitCode).toBe(0);
});

afterAll(async () => {
  await nothingLeft(state, project.directory);
  await project[Symbol.asyncDispose]();
});

interface Built {
  readonly exitCode: number;
  /** `start one`, `end one` in the order in which they came. */
  readonly order: readonly string[];
  readonly errors: readonly string[];
}

async function build(words: readonly string[]): Promise<Built> {
  const { exitCode, lines } = await runBuild(project.directory, words, { env: state.environment });
  const order = lines.flatMap(({ type, step = '' }) => {
    const name = step.replace('overlay ', '');
    if (type === 'step-start') return [`start ${name}`];
    return type === 'step-end' ? [`end ${name}`] : [];
  });
  const errors = lines.flatMap(({ problems = [] }) => problems.map(({ message }) => message));
  return { exitCode, order, errors };
}

describe('onib build --jobs', () => {
  it('builds two overlays at a time, and the third when one of them has ended', async () => {
    const { order } = await build(['overlay', '--force', '--jobs', '2']);
    expect(order.slice(0, 2)).toEqual(['start one', 'start three']);
    expect(order[2]).toMatch(/^end (one|three)$/);
    expect(order[3]).toBe('start two');
    expect([...order].sort()).toEqual(
      NAMES.flatMap((name) => [`start ${name}`, `end ${name}`]).sort(),
    );
  });

  it('builds one after the other with --jobs 1', async () => {
    const { order } = await build(['overlay', '--force', '--jobs', '1']);
    expect(order).toEqual([
      'start one',
      'end one',
      'start three',
      'end three',
      'start two',
      'end two',
    ]);
  });

  it('lets what runs end when one fails, begins nothing more, and builds the rest the next time', async () => {
    const release = (await new Store(project.store).current())?.id;
    await project.write('roles/overlay/one/tasks/main.yml', '- ansible.builtin.command: "false"\n');
    await project.append('roles/overlay/two/tasks/main.yml', '# changed\n');
    await project.append('roles/overlay/three/tasks/main.yml', '# changed\n');
    const failed = await build(['overlay', '--jobs', '2']);
    expect(failed.exitCode).toBe(1);
    expect(failed.errors.join()).toContain('Cannot provision overlay "one"');
    expect(failed.order).toEqual(['start one', 'start three', 'end three']);
    expect((await new Store(project.store).current())?.id).toBe(release);

    await project.write('roles/overlay/one/tasks/main.yml', tasks('one'));
    const mended = await build(['overlay']);
    expect(mended.exitCode).toBe(0);
    // One is as it was in the release, and three was built already.
    expect(mended.order).toEqual(['start two', 'end two']);
  });

  it('refuses a number of jobs that is none', async () => {
    for (const jobs of ['0', '-1', 'many', '1.5']) {
      const ran = await runOnib(project.directory, ['build', 'all', '--jobs', jobs]);
      expect(ran.exitCode).toBe(2);
      expect(ran.stderr).toContain('a number from 1 on');
    }
  });
});
