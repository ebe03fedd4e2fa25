import { expect, test } from 'vitest';
import { TaskTimes } from '../../../src/build/record/task-times.js';

test('TaskTimes.at() is the task that ran then, and nothing before, between and after', () => {
  const times = new TaskTimes();
  times.start({ task: 'one' }, 100);
  times.end(200);
  times.start({ task: 'two' }, 300);
  times.start({ task: 'three' }, 400);
  const names = [50, 150, 250, 350, 450].map((time) => times.at(time)?.task);
  expect(names).toEqual([undefined, 'one', undefined, 'two', 'three']);
  times.end(500);
  expect(times.at(501)).toBeUndefined();
});
