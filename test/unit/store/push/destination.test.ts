/** parseDestination(): what is a host, and what a directory. */
import { describe, expect, it } from 'vitest';
import { destinationText, parseDestination } from '../../../../src/store/push/destination.js';

describe('parseDestination()', () => {
  it.each([
    ['/srv/onib', { directory: '/srv/onib' }],
    ['onib', { directory: '/here/onib' }],
    ['./boot1:onib', { directory: '/here/boot1:onib' }],
    ['/srv/a:b', { directory: '/srv/a:b' }],
    ['boot1:/srv/onib', { host: 'boot1', rsyncHost: 'boot1', directory: '/srv/onib' }],
    ['me@boot1:onib', { host: 'me@boot1', rsyncHost: 'me@boot1', directory: './onib' }],
    ['me@boot1:~/onib', { host: 'me@boot1', rsyncHost: 'me@boot1', directory: './onib' }],
    ['boot1:/srv/a:b c', { host: 'boot1', rsyncHost: 'boot1', directory: '/srv/a:b c' }],
    [
      'me@[2001:db8::1]:/srv',
      { host: 'me@2001:db8::1', rsyncHost: 'me@[2001:db8::1]', directory: '/srv' },
    ],
  ])('parseDestination() reads %s', (text, expected) => {
    expect(parseDestination(text, '/here')).toEqual(expected);
  });

  it.each([
    '',
    'boot1:',
    'boot1:~',
    'boot1:~other/x',
    'boot1::module',
    'rsync://boot1/x',
    '-oProxyCommand=x:/y',
  ])('parseDestination() refuses "%s"', (text) => {
    expect(() => parseDestination(text, '/here')).toThrow(/^Cannot push to "/);
  });
});

describe('destinationText()', () => {
  it('destinationText() tells a host and its directory', () => {
    const destination = parseDestination('me@[::1]:/srv', '/here');
    expect(destinationText(destination)).toBe('me@[::1]:/srv');
  });
});
