import { describe, expect, test } from 'vitest';
import { chooseModules, parseModulesDep } from '../../../src/build/recipes/modules-layer.js';

const TABLE =
  parseModulesDep(`kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/lib/crc16.ko.xz
kernel/fs/jbd2/jbd2.ko.xz: kernel/lib/deep.ko.xz
kernel/lib/crc16.ko.xz:
kernel/lib/deep.ko.xz:
kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko.xz:
kernel/drivers/net/wireless/x/x.ko.xz:
kernel/drivers/netother/y.ko.xz:
`);

test('parseModulesDep() reads a line per module', () => {
  expect(TABLE.get('kernel/fs/ext4/ext4.ko.xz')).toEqual([
    'kernel/fs/jbd2/jbd2.ko.xz',
    'kernel/lib/crc16.ko.xz',
  ]);
  expect(TABLE.size).toBe(7);
});

describe('chooseModules()', () => {
  test('brings along what the chosen modules depend on, at any depth', () => {
    expect(chooseModules(TABLE, ['fs/ext4'])).toEqual([
      'kernel/fs/ext4/ext4.ko.xz',
      'kernel/fs/jbd2/jbd2.ko.xz',
      'kernel/lib/crc16.ko.xz',
      'kernel/lib/deep.ko.xz',
    ]);
  });

  test('takes a directory as all below it, not as a prefix of a name', () => {
    expect(chooseModules(TABLE, ['drivers/net'])).toEqual([
      'kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko.xz',
      'kernel/drivers/net/wireless/x/x.ko.xz',
    ]);
  });

  test('takes out again what a pattern with ! names', () => {
    expect(chooseModules(TABLE, ['drivers/net', '!drivers/net/wireless'])).toEqual([
      'kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko.xz',
    ]);
  });

  test('understands * within a name', () => {
    expect(chooseModules(TABLE, ['lib/crc*.ko*'])).toEqual(['kernel/lib/crc16.ko.xz']);
  });

  test('refuses patterns that match nothing', () => {
    expect(() => chooseModules(TABLE, ['drivers/nte', 'fs/zfs'])).toThrow(
      'Cannot select kernel modules "drivers/nte, fs/zfs": this kernel has none of that name',
    );
  });
});
