#!/usr/bin/env node
/** Entry point of `onib`: parse, run, show what went wrong, set the exit code. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { EXIT, OnibError, type ExitCode } from '../core/errors.js';
import { Context } from './options/context.js';
import { errorObject, exitCodeOf, formatError } from './show/errors.js';
import type { Streams } from './show/output.js';
import { createProgram } from './program.js';
import { watchSignals } from './signals.js';

/** A wrong command line as an error like all others; undefined when help or the version was asked for. */
function usageError(error: CommanderError, argv: readonly string[]): OnibError | undefined {
  if (error.exitCode === 0) return undefined;
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const known = ['(outputHelp)', ''].includes(message) ? 'a command is needed' : message;
  return new OnibError('USAGE', `Cannot run "${['onib', ...argv].join(' ')}": ${known}`, {
    exitCode: EXIT.usage,
    details: more,
    hint: 'onib --help',
  });
}

/** Parses and runs; suggestions for a command that there is not are made of all of them. */
async function parse(argv: readonly string[], context: Context): Promise<void> {
  try {
    await (await createProgram(context, argv)).parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.code !== 'commander.unknownCommand')
      throw error;
    await (await createProgram(context)).parseAsync(argv, { from: 'user' });
  }
}

/** Runs one command line; never throws and never ends the process. */
export async function main(
  argv: readonly string[],
  streams: Streams = { stdout: process.stdout, stderr: process.stderr },
): Promise<ExitCode> {
  using watch = watchSignals((text) => {
    context.output.problem(`onib: ${text}`);
  });
  const context = new Context({
    signal: watch.signal,
    streams,
    directory: process.cwd(),
    environment: process.env,
  });
  try {
    await parse(argv, context);
    return context.exitCode;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown, argv) : thrown;
    if (error === undefined) return EXIT.done;
    // A wrong command line is found before its options are taken over.
    if (thrown instanceof CommanderError) context.configure({ json: argv.includes('--json') });
    if (context.output.json) context.output.object(errorObject(error));
    else context.output.problem(formatError(error, context.output.verbose));
    return exitCodeOf(error);
  }
}

/** `onib plan | head` closes our output early; that is no error. */
function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  endQuietlyOnClosedPipe(process.stdout);
  endQuietlyOnClosedPipe(process.stderr);
  process.exitCode = await main(process.argv.slice(2));
}
