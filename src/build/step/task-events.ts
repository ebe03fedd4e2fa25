/** Ansible's events as the build's, with a note of which task ran when. */
import type { AnsibleEvent } from '../../provision/ansible/events.js';
import type { CellEvent } from '../record/events.js';
import type { TaskTimes } from '../record/task-times.js';

export function forwardTask(
  event: AnsibleEvent,
  step: string,
  tasks: TaskTimes,
  emit: (event: CellEvent) => void,
): void {
  if (event.event === 'error') {
    emit({ type: 'warning', step, message: event.message });
    return;
  }
  const common = {
    step,
    task: event.task,
    ...(event.role === null ? {} : { role: event.role }),
  };
  const place = {
    ...(event.file === null ? {} : { file: event.file }),
    ...(event.line === null ? {} : { line: event.line }),
  };
  if (event.event === 'task-start') {
    const where = event.file === null ? {} : { where: { file: event.file, ...place } };
    tasks.start({ ...common, ...where }, Date.now());
    emit({ type: 'task-start', ...common });
  } else {
    tasks.end(Date.now());
    const { status, seconds } = event;
    emit({ type: 'task-end', ...common, status, seconds, ...place });
  }
}
