/** The JSON lines of playbooks/callback_plugins/onib_events.py. */
import * as v from 'valibot';
import { parseChecked, Unfit, type Schema } from '../../core/checked.js';
import { shellCommand } from '../../host/shell-words.js';

export type AnsibleEvent =
  | ({ readonly event: 'task-start' } & TaskPlace)
  | ({
      readonly event: 'task-end';
      readonly status: 'ok' | 'changed' | 'skipped' | 'failed' | 'ignored';
      readonly seconds: number;
      readonly result?: TaskFailure;
    } & TaskPlace)
  | { readonly event: 'error'; readonly message: string };

interface TaskPlace {
  readonly task: string;
  readonly role: string | null;
  /** Absolute path of the task's file. */
  readonly file: string | null;
  readonly line: number | null;
}

/** What a module said of its failure; absent fields were empty. */
export interface TaskFailure {
  readonly msg?: unknown;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
  readonly module_stdout?: unknown;
  readonly module_stderr?: unknown;
  readonly rc?: unknown;
  readonly cmd?: unknown;
}

export type FailedTask = Extract<AnsibleEvent, { event: 'task-end' }>;

const place = {
  task: v.string(),
  role: v.nullable(v.string()),
  file: v.nullable(v.string()),
  line: v.nullable(v.number()),
};
const events: Schema<AnsibleEvent> = v.variant('event', [
  v.object({ event: v.literal('task-start'), ...place }),
  v.object({
    event: v.literal('task-end'),
    status: v.picklist(['ok', 'changed', 'skipped', 'failed', 'ignored']),
    seconds: v.number(),
    result: v.exactOptional(v.looseObject({})),
    ...place,
  }),
  v.object({ event: v.literal('error'), message: v.string() }),
]);

/** Undefined for a line that is not an event: Ansible's own warnings share the stream. */
export function parseAnsibleEvent(line: string): AnsibleEvent | undefined {
  if (!line.startsWith('{"event": ')) return undefined;
  try {
    return parseChecked(line, events);
  } catch (error) {
    if (error instanceof Unfit) return undefined;
    throw error;
  }
}

const OUTPUT_LINES = 15;

/** The failure in lines for a person: message, then the end of what the command printed. */
export function describeFailure(failure: TaskFailure): string[] {
  const command = Array.isArray(failure.cmd) ? shellCommand(failure.cmd.map(String)) : failure.cmd;
  const parts: [label: string, value: unknown][] = [
    ['$', command],
    ['', failure.msg],
    ['stdout:', failure.stdout ?? failure.module_stdout],
    ['stderr:', failure.stderr ?? failure.module_stderr],
  ];
  return parts.flatMap(([label, value]) => {
    if (value === undefined || value === null || value === '') return [];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const [first = '', ...rest] = text.trimEnd().split('\n').slice(-OUTPUT_LINES);
    return [label === '' ? first : `${label} ${first}`, ...rest];
  });
}
