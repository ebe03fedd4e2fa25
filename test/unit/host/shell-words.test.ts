import { describe, expect, test } from 'vitest';
import { shellCommand, shellWord, withoutPasswords } from '../../../src/host/shell-words.js';

describe('shellWord()', () => {
  test.each([
    ['plain-word.1', 'plain-word.1'],
    ['', "''"],
    ['two words', "'two words'"],
    ["it's", `'it'\\''s'`],
    ['$HOME', "'$HOME'"],
  ])('quotes %j as %s', (word, expected) => {
    expect(shellWord(word)).toBe(expected);
  });
});

test('shellCommand() puts the environment in front', () => {
  expect(shellCommand(['apt-get', 'install', 'a b'], { LC_ALL: 'C.UTF-8', X: 'a b' })).toBe(
    "LC_ALL=C.UTF-8 X='a b' apt-get install 'a b'",
  );
});

test('withoutPasswords() leaves out who a proxy lets in, and nothing else', () => {
  const line = "$ X=http://me:pass@10.0.0.1:3128/ apt 'http://a.example/b@c' me@host";
  expect(withoutPasswords(line)).toBe(
    "$ X=http://…@10.0.0.1:3128/ apt 'http://a.example/b@c' me@host",
  );
});
