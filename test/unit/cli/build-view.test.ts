import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../../src/build/record/events.js';
import {
  advance,
  emptyView,
  lastingLine,
  plainLine,
  render,
  summary,
} from '../../../src/cli/show/build-view.js';
import { visibleWidth } from '../../../src/cli/show/format.js';
import type { Artifact } from '../../../src/contract/release-manifest.js';

const artifact: Artifact = {
  kind: 'base',
  name: 'base',
  fileName: 'base.trixie.squashfs',
  format: 'squashfs',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 48_800_000,
  architecture: 'amd64',
  inputDigest: `sha256:${'b'.repeat(64)}`,
  inputs: {},
  seconds: 61,
};

const start: BuildEvent[] = [
  { type: 'build-start', steps: ['base base', 'overlay discovery'], logDirectory: '/x/logs/1' },
  { type: 'step-start', step: 'base base', log: '/x/logs/1/base.log' },
];

function viewAfter(events: readonly BuildEvent[]): readonly string[] {
  const view = events.reduce((state, event) => advance(state, event, 1000), emptyView);
  return render(view, 13_000, 80);
}

describe('render()', () => {
  it('shows a running step with its stage and seconds', () => {
    const lines = viewAfter([...start, { type: 'stage', step: 'base base', stage: 'bootstrap' }]);
    expect(lines).toEqual(['  1/2 base base · bootstrap · 12 s']);
  });

  it('shows the task that runs, and a bar where the total is known', () => {
    const task = { type: 'task-start', step: 'base base', task: 'tools', role: 'r' } as const;
    expect(viewAfter([...start, task])).toEqual(['  1/2 base base · r: tools · 12 s']);
    const progress = { type: 'progress', step: 'base base', done: 50, total: 200 } as const;
    expect(viewAfter([...start, progress])[0]).toContain('[#####...............] 25 %');
  });

  it('drops a step that ended', () => {
    const end = {
      type: 'step-end',
      step: 'base base',
      seconds: 61,
      treeBytes: 1,
      artifacts: [],
    } as const;
    expect(viewAfter([...start, end])).toEqual([]);
  });

  it('never draws a line as wide as the terminal, which would wrap', () => {
    const stage = { type: 'stage', step: 'base base', stage: 'x'.repeat(200) } as const;
    for (const line of viewAfter([...start, stage])) expect(visibleWidth(line)).toBeLessThan(80);
  });
});

describe('lastingLine()', () => {
  it('keeps finished steps, warnings and failed tasks with their place', () => {
    expect(
      lastingLine({
        type: 'step-end',
        step: 'base base',
        seconds: 61,
        treeBytes: 1,
        artifacts: [artifact],
      }),
    ).toBe('done: base base in 1 min 01 s: base.trixie.squashfs 48.8 MB');
    expect(
      lastingLine({
        type: 'task-end',
        step: 'base base',
        status: 'failed',
        task: 'tools',
        role: 'provision_base',
        file: 'roles/basefs/provision_base/tasks/main.yml',
        line: 12,
        seconds: 1,
      }),
    ).toBe('failed: provision_base: tools (roles/basefs/provision_base/tasks/main.yml:12)');
  });

  it('leaves to the live view what is over in a moment', () => {
    expect(lastingLine({ type: 'stage', step: 's', stage: 'pack' })).toBeUndefined();
  });
});

describe('plainLine()', () => {
  it('has a line for every step, stage, finished task and the release', () => {
    const release: BuildEvent = {
      type: 'release',
      id: '20261120T140501Z-3f9c',
      directory: '/x',
      artifacts: [],
      incomplete: [],
      current: true,
      lost: [],
    };
    const task = { step: 's', task: 'tools', seconds: 1 };
    const shown = [
      ...start,
      { type: 'stage', step: 's', stage: 'pack' } as const,
      { type: 'task-end', status: 'ok', ...task } as const,
      release,
    ].map((event) => plainLine(event, false));
    expect(shown.every((line) => line !== undefined && line !== '')).toBe(true);
    expect(plainLine({ type: 'task-start', ...task }, false)).toBeUndefined();
    expect(plainLine({ type: 'task-start', ...task }, true)).toContain('tools');
  });
});

describe('summary()', () => {
  it('names files, sizes, seconds, the release and what cannot boot', () => {
    const lines = summary(
      [artifact],
      {
        type: 'release',
        id: 'R',
        directory: '/x/releases/R',
        artifacts: [artifact],
        incomplete: [{ profile: 'default', reason: 'no kernel set' }],
        current: true,
        lost: [],
      },
      75,
    );
    expect(lines).toEqual([
      '  base.trixie.squashfs  48.8 MB  1 min 01 s',
      '1 files, 48.8 MB, built in 1 min 15 s',
      'release R is current: /x/releases/R',
      'profile "default" cannot be booted yet: no kernel set',
    ]);
  });
});
