import { describe, expect, test } from 'vitest';
import { describePlan } from '../../../src/plan/describe.js';
import { makePlan } from '../../../src/plan/make-plan.js';
import { built, config, digest, facts, image, withChangedRole } from './sample.js';

describe('describePlan()', () => {
  test('describePlan() holds no value of a variable', () => {
    const variables = { colour: 'secret-red', deep: { list: ['secret-blue'] } };
    const images = [
      image('base', 'base', { variables }),
      image('overlay', 'tools', { variables }),
      image('initrd', 'kernel', { variables }),
    ];
    const plan = makePlan(config(images), facts(config(images)), {});
    expect(JSON.stringify(plan)).toContain('secret-red');
    expect(JSON.stringify(describePlan(plan))).not.toMatch(/secret-(?:red|blue)/);
  });

  test('describePlan() tells of a step what is made, of what and why', () => {
    const current = built(makePlan(config(), facts(), {}));
    const changed = withChangedRole('tools', facts(config(), current));
    const [step, ...others] = describePlan(makePlan(config(), changed, {})).steps;
    expect(others).toEqual([]);
    expect(step).toEqual({
      kind: 'overlay',
      title: 'overlay tools',
      name: 'tools',
      file: 'vars/tools.yml',
      reasons: ['roles/overlay/tools/tasks/main.yml changed'],
      products: [{ kind: 'overlay', name: 'tools' }],
      base: { name: 'base', digest: digest('base base first') },
      provisioners: ['roles/overlay/tools'],
      packages: [],
      lock: { packages: [], complete: false },
      inputs: expect.objectContaining({ 'setting suite': 'trixie' }) as unknown,
    });
  });

  test('describePlan() tells artifacts by what names them, and bases that are yet to be built', () => {
    const first = describePlan(makePlan(config(), facts(), {}));
    expect(first.steps.find(({ name }) => name === 'tools')).toMatchObject({
      base: { name: 'base', digest: null },
      lock: null,
    });
    expect(first.steps.at(-1)).toMatchObject({ kind: 'loaders', name: null, file: null });
    const current = built(makePlan(config(), facts(), {}));
    const { keep } = describePlan(makePlan(config(), facts(config(), current), {}));
    expect(keep.find(({ kind }) => kind === 'base')).toEqual({
      kind: 'base',
      name: 'base',
      fileName: 'base.trixie.squashfs',
      digest: digest('base base first'),
      size: 1,
    });
  });
});
