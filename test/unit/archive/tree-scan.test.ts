import { expect, test } from 'vitest';
import { overlayXattrRule } from '../../../src/archive/tree/overlay-xattrs.js';
import { mountsBelow } from '../../../src/archive/tree/scan.js';

const line = (point: string): string =>
  `36 35 98:0 /mnt1 ${point} rw,noatime master:1 - ext3 /dev/root rw`;

test('mountsBelow() finds mount points inside a tree and not beside it', () => {
  const points = [
    '/',
    '/srv',
    '/srv/tree',
    '/srv/tree/proc',
    '/srv/tree-two/proc',
    '/srv/tree/a\\040b',
  ];
  const table = points.map(line).join('\n') + '\n';
  expect(mountsBelow('/srv/tree', table)).toEqual(['/srv/tree/proc', '/srv/tree/a b']);
  expect(mountsBelow('/srv/tree-two', table)).toEqual(['/srv/tree-two/proc']);
  expect(mountsBelow('/', table)).toHaveLength(5);
});

test.each([
  ['trusted.overlay.opaque', 'keep'],
  ['trusted.overlay.origin', 'drop'],
  ['trusted.overlay.impure', 'drop'],
  ['trusted.overlay.nlink', 'drop'],
  ['trusted.overlay.uuid', 'drop'],
  ['trusted.overlay.redirect', 'refuse'],
  ['trusted.overlay.metacopy', 'refuse'],
  ['security.capability', 'keep'],
  ['user.trusted.overlay.origin', 'keep'],
])('overlayXattrRule() of %s is %s', (name, rule) => {
  expect(overlayXattrRule(name)).toBe(rule);
});
