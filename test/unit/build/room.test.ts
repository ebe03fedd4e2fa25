import { describe, expect, test } from 'vitest';
import { lackOfRoom, neededRoom, tmpfsBytes } from '../../../src/build/checks/room.js';
import { makePlan } from '../../../src/plan/make-plan.js';
import { config, facts } from '../plan/sample.js';

const plan = makePlan(config(), facts(), {});
const sizes = {
  'base base': { trees: 300, artifacts: 60 },
  'overlay discovery': { trees: 100, artifacts: 5 },
  'kernel set kernel': { trees: 500, artifacts: 70 },
  'overlay of before': { trees: 9000, artifacts: 9000 },
};

describe('neededRoom()', () => {
  test('neededRoom() counts the largest trees that are there at a time, and all artifacts', () => {
    expect(neededRoom(plan, sizes, 1)).toEqual({ trees: 500, disk: 135 });
    expect(neededRoom(plan, sizes, 2)).toEqual({ trees: 800, disk: 135 });
    expect(neededRoom(plan, {}, 2)).toEqual({ trees: 0, disk: 0 });
  });
});

describe('tmpfsBytes()', () => {
  test.each([
    ['60%', 600],
    ['2k', 2048],
    ['3M', 3 * 1024 ** 2],
    ['6G', 6 * 1024 ** 3],
    ['4096', 4096],
  ])('tmpfsBytes() reads %s as mount(8) does', (size, bytes) => {
    expect(tmpfsBytes(size, 1000)).toBe(bytes);
  });
});

describe('lackOfRoom()', () => {
  const room = { memory: 1000, totalMemory: 1000, disk: 1000 };
  const needed = { trees: 700, disk: 600 };

  test('lackOfRoom() finds nothing where there is enough', () => {
    expect(lackOfRoom(plan, needed, room)).toBeUndefined();
  });

  test('lackOfRoom() tells needed and available memory, and what limits it', () => {
    expect(lackOfRoom(plan, needed, { ...room, memory: 699 })).toMatchObject({
      ...{ code: 'MEMORY_LOW', exitCode: 3 },
      details: ['needed: 700 bytes, as in the last build', 'available: 699 bytes'],
    });
    const small = lackOfRoom({ ...plan, buildRootSize: '50%' }, needed, room);
    expect(small?.details[1]).toBe('available: 500 bytes (build_root_size: 50%)');
    expect(small?.hint).toContain('raise build_root_size');
  });

  test('lackOfRoom() tells needed and available disk', () => {
    expect(lackOfRoom(plan, needed, { ...room, disk: 599 })).toMatchObject({
      ...{ code: 'DISK_LOW', exitCode: 3 },
      details: ['needed: 600 bytes, as in the last build', 'available: 599 bytes'],
    });
  });
});
