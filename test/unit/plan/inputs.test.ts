import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imageInputs, levelInputs } from '../../../src/plan/inputs/image-inputs.js';
import { usesHostFacts } from '../../../src/plan/inputs/provisioner-inputs.js';
import { inputDigest } from '../../../src/plan/inputs/inputs.js';
import type { Facts } from '../../../src/plan/facts.js';
import { inputReasons } from '../../../src/plan/inputs/reasons.js';
import { facts, image } from './sample.js';

const records = fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), {
  maxKeys: 6,
});

describe('inputDigest()', () => {
  test('inputDigest() is the same for the same inputs in any order, and for no others', () => {
    fc.assert(
      fc.property(records, records, (left, right) => {
        const reversed = Object.fromEntries(Object.entries(left).reverse());
        expect(inputDigest(reversed)).toBe(inputDigest(left));
        const same = inputReasons(left, right).length === 0 && left.base === right.base;
        expect(inputDigest(left) === inputDigest(right)).toBe(same);
      }),
    );
  });

  test('inputDigest() stays as it is: a release knows only its value', () => {
    expect(inputDigest({ b: '2', a: '1' })).toBe(
      'sha256:5f13efef7cdd95e7a0171a4cc6ef643955a42f10ad9dd98c6b2f1f4e6903f7f5',
    );
  });
});

/** The sample's facts, with these names in the role of `tools`. */
function factsWith(words: ReadonlySet<string> | undefined): Facts {
  const all = facts();
  const role = { files: {}, payload: new Set<string>(), words };
  const [directory = ''] = Object.keys(all.roles).filter((one) => one.endsWith('/tools'));
  return { ...all, roles: { ...all.roles, [directory]: role } };
}

describe('usesHostFacts()', () => {
  test.each<[string, ReadonlySet<string> | undefined, string, boolean]>([
    ['its files name none', new Set(['colour']), 'red', false],
    ['its files name one', new Set(['ansible_distribution']), 'red', true],
    ['a variable that it uses names one', new Set(['colour']), '{{ ansible_facts.os }}', true],
    ['a variable that it does not use names one', new Set(), '{{ ansible_facts.os }}', false],
    ['it may use any variable', undefined, 'red', true],
  ])('usesHostFacts() of a role: %s', (_, words, colour, uses) => {
    const tools = image('overlay', 'tools', { variables: { colour, ansible_become: true } });
    const [provisioner] = tools.provisioners;
    if (provisioner === undefined) throw new Error('no provisioner');
    expect(usesHostFacts(tools, provisioner, factsWith(words))).toBe(uses);
  });
});

describe('imageInputs() of encrypted variables', () => {
  const ofFile = (template: boolean) => ({
    __onib_vaulted: { file: 'group_vars/all/vault.yml', digest: 'ab', template },
  });
  const inputsWith = (variables: Record<string, unknown>): string[] => {
    const tools = image('overlay', 'tools', { variables: { ...variables, other: 1 } });
    return Object.keys(imageInputs(tools, factsWith(new Set(['colour'])), { lines: [] }));
  };

  test('imageInputs() takes every variable where an encrypted template may name any', () => {
    expect(inputsWith({ colour: ofFile(false) })).not.toContain('var other');
    expect(inputsWith({ colour: ofFile(true) })).toContain('var other');
    expect(inputsWith({ unused: ofFile(true) })).not.toContain('var other');
  });

  test('usesHostFacts() where an encrypted template may name one', () => {
    const tools = image('overlay', 'tools', { variables: { colour: ofFile(true) } });
    const [provisioner] = tools.provisioners;
    if (provisioner === undefined) throw new Error('no provisioner');
    expect(usesHostFacts(tools, provisioner, factsWith(new Set(['colour'])))).toBe(true);
  });
});

describe('levelInputs()', () => {
  test('levelInputs() differ by what cleaning leaves in a tree because it is allowed', () => {
    const sources = { lines: [] };
    const levels = (path?: string, rule: 'log' | 'password' = 'log'): string[] => {
      const tools = image('overlay', 'tools');
      const settings =
        path === undefined ? tools.settings : { ...tools.settings, hygieneAllow: [{ rule, path }] };
      return levelInputs({ ...tools, settings }, facts(), sources).map(inputDigest);
    };
    const none = levels();
    for (const [index, digest] of levels('var/log/x').entries()) {
      expect(digest).not.toBe(none[index]);
    }
    expect(levels('etc/shadow', 'password')).toEqual(none);
  });
});

describe('imageInputs()', () => {
  test('imageInputs() holds no value of a variable and no mirror', () => {
    const secret = image('overlay', 'tools', { variables: { password: 'hunter2' } });
    const inputs = imageInputs(secret, facts(), {
      lines: ['deb http://user:pass@mirror.example/debian trixie main'],
      proxy: 'http://192.0.2.1:3142',
    });
    const text = JSON.stringify(inputs);
    expect(Object.keys(inputs)).toContain('var password');
    expect(text).not.toMatch(/hunter2|mirror\.example|192\.0\.2\.1/);
    expect(inputs.sources).toBe('trixie main');
  });

  test('imageInputs() holds the variables that a role names, and those that these name', () => {
    const variables = {
      colour: '{{ shade }} {{ 3 }}',
      shade: '{{ depth }}',
      depth: 'dark',
      unused: '{{ colour }}',
      ansible_become: true,
    };
    const tools = image('overlay', 'tools', { variables });
    const names = (words: ReadonlySet<string> | undefined): string[] => {
      const inputs = imageInputs(tools, factsWith(words), { lines: [] });
      return Object.keys(inputs)
        .filter((name) => name.startsWith('var '))
        .map((name) => name.slice('var '.length))
        .sort();
    };
    expect(names(new Set(['colour']))).toEqual(['ansible_become', 'colour', 'depth', 'shade']);
    expect(names(new Set())).toEqual(['ansible_become']);
    expect(names(undefined)).toEqual(Object.keys(variables).sort());
  });
});
