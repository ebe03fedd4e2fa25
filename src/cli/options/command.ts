/** How a command is added: name, one line, its options, and two real examples that a test parses. */
import type { Command } from 'commander';

export interface CommandText {
  /** As commander takes it: `build <what> [files...]`. */
  readonly usage: string;
  readonly summary: string;
  /** Whole command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
}

const examplesOf = new WeakMap<Command, CommandText['examples']>();

/** The examples of a command's help. */
export function commandExamples(command: Command): CommandText['examples'] {
  return examplesOf.get(command) ?? [];
}

/** Options that stand before or after a command's name. */
export function addGlobalOptions(command: Command): Command {
  return command
    .option('-C <dir>', 'work on the project in this directory')
    .option('--json', 'write JSON: one object, or one per line for events')
    .option('-q, --quiet', 'only results and errors')
    .option('-v, --verbose', 'more detail');
}

/** Adds a command with the global options and its examples. */
export function addCommand(parent: Command, text: CommandText): Command {
  const command = parent.command(text.usage).description(text.summary);
  addGlobalOptions(command);
  const width = Math.max(...text.examples.map(([line]) => line.length));
  const lines = text.examples.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  examplesOf.set(command, text.examples);
  return command;
}
