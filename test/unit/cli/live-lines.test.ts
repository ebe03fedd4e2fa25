import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../../src/build/record/events.js';
import { BuildReporter } from '../../../src/cli/show/build-reporter.js';
import { LiveLines } from '../../../src/cli/show/live-lines.js';
import { captureContext } from './support/capture.js';

/** What a terminal shows after these bytes: line feeds, cursor up and erase below are all that is used. */
function screenAfter(bytes: string): string[] {
  const lines: string[] = [''];
  let row = 0;

  for (const [token] of bytes.matchAll(
    // eslint-disable-next-line no-control-regex -- the escape character is what control sequences begin with
    /\u001b\[\d+A|\u001b\[0J|\u001b\[[\d;]*m|\n|[^\u001b\n]+/g,
  )) {
    if (token === '\n') {
      row += 1;
      lines[row] ??= '';
    } else if (token.endsWith('A') && token.startsWith('\u001b')) {
      row -= Number(token.slice(2, -1));
    } else if (token === '\u001b[0J') lines.splice(row, lines.length, '');
    else if (!token.startsWith('\u001b')) lines[row] = (lines[row] ?? '') + token;
  }
  return lines.slice(0, -1);
}

describe('LiveLines', () => {
  it('stays below everything that is written', () => {
    const { context, err } = captureContext(true);
    let seconds = 0;
    const live = new LiveLines(context.output, () => [`working ${seconds} s`, 'second line']);
    live.show();
    seconds = 1;
    context.output.note('a note');
    context.output.problem('a problem');
    expect(screenAfter(err())).toEqual(['a note', 'a problem', 'working 1 s', 'second line']);
    live[Symbol.dispose]();
    expect(screenAfter(err())).toEqual(['a note', 'a problem']);
    context.output.note('afterwards');
    expect(screenAfter(err())).toEqual(['a note', 'a problem', 'afterwards']);
  });
});

const events: BuildEvent[] = [
  { type: 'build-start', steps: ['base base'], logDirectory: '/logs' },
  { type: 'step-start', step: 'base base', log: '/logs/base.log' },
  { type: 'stage', step: 'base base', stage: 'bootstrap trixie' },
  { type: 'warning', step: 'base base', message: 'odd' },
  { type: 'step-end', step: 'base base', seconds: 3, treeBytes: 1, artifacts: [] },
];

describe('BuildReporter', () => {
  it('draws running steps on a terminal and keeps what is done', () => {
    const { context, err } = captureContext(true);
    const reporter = new BuildReporter(context.output);
    for (const event of events.slice(0, 4)) reporter.onEvent(event);
    const shown = screenAfter(err());
    expect(shown[0]).toBe('warning: base base: odd');
    expect(shown[1]).toMatch(/^ {2}1\/1 base base · bootstrap trixie · \d\.\d s$/);
    for (const event of events.slice(4)) reporter.onEvent(event);
    reporter[Symbol.dispose]();
    expect(screenAfter(err())[1]).toMatch(/^done: base base in 3\.0 s/);
  });

  it('writes time-stamped lines off a terminal', () => {
    const { context, err } = captureContext(false);
    using reporter = new BuildReporter(context.output);
    for (const event of events) reporter.onEvent(event);
    const lines = err().trimEnd().split('\n');
    expect(lines).toHaveLength(events.length);
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S/);
  });

  it('writes one JSON object per event, and nothing else, with --json', () => {
    const { context, out, err } = captureContext(false);
    context.configure({ json: true });
    using reporter = new BuildReporter(context.output);
    for (const event of events) reporter.onEvent(event);
    const objects = out()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(objects).toMatchObject(events.map(({ type }) => ({ schema: 'onib.event/1', type })));
    expect(err()).toBe('');
  });

  it('writes nothing with --quiet', () => {
    const { context, out, err } = captureContext(true);
    context.configure({ quiet: true });
    using reporter = new BuildReporter(context.output);
    for (const event of events) reporter.onEvent(event);
    expect(out() + err()).toBe('');
  });
});
