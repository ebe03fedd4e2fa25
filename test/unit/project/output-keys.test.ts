import { describe, expect, it } from 'vitest';
import { settingKeys } from '../../../src/project/keys/setting-keys.js';

const { hygieneAllow, sizeBudget } = settingKeys;

describe('hygiene_allow', () => {
  it('takes a list of rules with paths', () => {
    const value = [{ log: 'var/log/**' }, { 'authorized-keys': '/root/.ssh/authorized_keys' }];
    expect(hygieneAllow.type.check(value)).toEqual({
      value: [
        { rule: 'log', path: 'var/log/**' },
        { rule: 'authorized-keys', path: '/root/.ssh/authorized_keys' },
      ],
    });
  });

  it('says which rule was probably meant, and where', () => {
    const checked = hygieneAllow.type.check([{ log: 'x' }, { authorized_keys: 'x' }]);
    expect(checked).toMatchObject({
      wrong: [{ value: 'authorized_keys', suggestion: 'authorized-keys', path: [1] }],
    });
  });

  it('refuses what is no map of one rule to a path', () => {
    for (const entry of ['log', {}, { log: 'a', ansible: 'b' }, { log: '' }, { log: '/' }]) {
      expect(hygieneAllow.type.check([entry])).toHaveProperty('wrong');
    }
  });
});

describe('size_budget', () => {
  it('takes bytes with and without a unit', () => {
    for (const [written, bytes] of [
      ['45M', 45 * 1024 ** 2],
      ['1G', 1024 ** 3],
      ['10KiB', 10_240],
      [5000, 5000],
    ] as const) {
      expect(sizeBudget.type.check(written)).toEqual({ value: bytes });
    }
  });

  it('refuses what is no size', () => {
    for (const value of ['45', '45M'].map((text) => `${text} or so`).concat('0', '-1', '1.5M')) {
      expect(sizeBudget.type.check(value)).toHaveProperty('wrong');
    }
  });
});
