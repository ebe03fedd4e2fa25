import { describe, expect, it } from 'vitest';
import { readKeys } from '../../../src/cli/show/boot-keyboard.js';

const read = (text: string, inShell: boolean): [string, boolean] => {
  const { type, end } = readKeys(Buffer.from(text), inShell);
  return [Buffer.from(type).toString(), end];
};

describe('readKeys()', () => {
  it('readKeys() passes every key on, control keys included', () => {
    expect(read('ls\r\u001b[A\u0002', false)).toEqual(['ls\r\u001b[A\u0002', false]);
  });

  it('readKeys() ends at Ctrl-C on the console, which a shell needs itself', () => {
    expect(read('ab\u0003cd', false)).toEqual(['ab', true]);
    expect(read('ab\u0003cd', true)).toEqual(['ab\u0003cd', false]);
  });

  it.each([true, false])('readKeys() ends at Ctrl-] everywhere (shell: %s)', (inShell) => {
    expect(read('ab\u001dcd', inShell)).toEqual(['ab', true]);
  });
});
