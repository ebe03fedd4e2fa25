import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/core/errors.js';
import { commandExamples } from '../../../src/cli/options/command.js';
import { main } from '../../../src/cli/main.js';
import { createProgram } from '../../../src/cli/program.js';
import { captureContext, captureStreams } from './support/capture.js';

/** Every command that can be run, with its parents' names: `new overlay`. */
function runnable(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(runnable);
}

function fullName(command: Command): string {
  return command.parent === null ? '' : `${fullName(command.parent)} ${command.name()}`.trim();
}

const commands = runnable(await createProgram(captureContext().context));

describe('createProgram()', () => {
  it.each(commands.map((command) => [fullName(command), command] as const))(
    'gives %s two examples that parse, and the global options',
    async (name, command) => {
      const examples = commandExamples(command);
      expect(examples.length).toBeGreaterThanOrEqual(2);
      for (const [line] of examples) {
        const [onib, ...argv] = line.split(' ');
        expect(onib).toBe('onib');
        const program = await createProgram(captureContext().context, argv);
        let ran: string | undefined;
        for (const each of runnable(program)) each.action(() => void (ran = fullName(each)));
        await program.parseAsync(argv, { from: 'user' });
        expect(ran).toBe(name);
      }
      const flags = command.options.map(({ long, short }) => long ?? short);
      expect(flags).toEqual(expect.arrayContaining(['-C', '--json', '--quiet', '--verbose']));
    },
  );

  it('loads only commands that are named, and all where none is or help is asked for', async () => {
    const names = async (...argv: string[]): Promise<string[]> =>
      (await createProgram(captureContext().context, argv)).commands.map((one) => one.name());
    expect(await names('-C', 'build', 'plan')).toEqual(['plan', 'build']);
    const all = await names();
    expect(all).toEqual(expect.arrayContaining(['init', 'plan', 'build', 'serve', 'doctor']));
    expect(await names('biuld')).toEqual(all);
    expect(await names('--help', 'build')).toEqual(all);
  });

  it('takes global options before and after the command', async () => {
    for (const argv of [
      ['-C', '/a', '--json', 'doctor'],
      ['doctor', '-C', '/a', '--json'],
    ]) {
      const { context } = captureContext();
      const program = await createProgram(context, argv);
      for (const each of runnable(program)) each.action(() => undefined);
      program.parse(argv, { from: 'user' });
      expect(context.directory).toBe('/a');
      expect(context.output.json).toBe(true);
    }
  });
});

describe('main()', () => {
  it('lists every command in its help', async () => {
    const { streams, out } = captureStreams();
    expect(await main(['--help'], streams)).toBe(EXIT.done);
    for (const command of commands) expect(out()).toContain(fullName(command).split(' ')[0]);
  });

  it('refuses an unknown command or option with exit 2 and a hint', async () => {
    for (const argv of [['bild'], ['doctor', '--fixx'], []]) {
      const { streams, err } = captureStreams();
      expect(await main(argv, streams)).toBe(EXIT.usage);
      expect(err()).toMatch(/^error\[USAGE\]: Cannot run "onib.*": /);
      expect(err()).toContain('hint: onib');
    }
  });

  it('says what was probably meant', async () => {
    const { streams, err } = captureStreams();
    await main(['docter'], streams);
    expect(err()).toContain('Did you mean doctor?');
  });

  it('writes usage errors as JSON when asked', async () => {
    const { streams, out } = captureStreams();
    expect(await main(['bild', '--json'], streams)).toBe(EXIT.usage);
    expect(JSON.parse(out())).toMatchObject({ schema: 'onib.error/1', exitCode: 2 });
  });
});
