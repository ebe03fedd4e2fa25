/** `onib boot`: PXE-boots a virtual node from the current release, with its console. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { EXIT, OnibError } from '../../core/errors.js';
import { FIRMWARES, type Firmware } from '../../vm/firmware/firmware.js';
import { bootsAgain, type EmulatorFault } from '../../vm/emulator-fault.js';
import type { NodeEnd } from '../../vm/messages.js';
import type { DhcpMode } from '../../vm/network/network.js';
import { NODE_DEFAULTS } from '../../vm/node-defaults.js';
import { VirtualNode, type NodeOptions } from '../../vm/node.js';
import { chooseProfile } from '../../vm/choose-profile.js';
import type { Store } from '../../store/store.js';
import { listenToKeyboard, readKeys } from '../show/boot-keyboard.js';
import { BootView } from '../show/boot-view.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { requireRoot } from '../options/root.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';

interface BootCommandOptions extends StoreOptions {
  readonly firmware: Firmware;
  readonly dhcp: DhcpMode;
  readonly memory: string;
  readonly cpus: number;
  readonly append?: string;
  readonly untilReady?: boolean;
  readonly again: number;
  readonly timeout?: number;
  readonly shell?: boolean;
}

/** Seconds for a node to become ready where nothing else is said: emulation is slow. */
const READY_SECONDS = 300;

export function registerBoot(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'boot',
    summary: 'PXE-boot a virtual node from the current release, with its console',
    examples: [
      ['onib boot --until-ready', 'boot the default profile and end when the node is ready'],
      ['onib boot discovery --firmware uefi --shell', 'a root shell in a node that booted by UEFI'],
    ],
  })
    .argument('[profile]', "boot profile; without it the release's default")
    .addOption(
      new Option('--firmware <kind>', 'how the node starts')
        .choices(Object.keys(FIRMWARES))
        .default('bios'),
    )
    .addOption(
      new Option(
        '--dhcp <mode>',
        'full: from the boot server; proxy: from another server beside it',
      )
        .choices(['full', 'proxy'])
        .default('full'),
    )
    .option('--memory <size>', 'memory of the node: 2G, 1536M', parseMemory, NODE_DEFAULTS.memory)
    .option('--cpus <number>', 'processors of the node', parseCount, NODE_DEFAULTS.cpus)
    .option('--append <arguments>', 'more kernel arguments')
    .option('--until-ready', 'end when the node reports that it is ready')
    .option(
      '--again <times>',
      'boot again when the emulator is shown to be at fault, so many times at most',
      parseTimes,
      0,
    )
    .option(
      '--timeout <seconds>',
      `time for the node to become ready (default: ${READY_SECONDS})`,
      parseCount,
    )
    .option('--shell', 'a root shell on the terminal once the node is ready; Ctrl-] ends it');
  addStoreOption(command).action(
    async (profile: string | undefined, options: BootCommandOptions) => {
      await boot(profile, options, context);
    },
  );
}

function parseMemory(text: string): string {
  if (!/^[1-9]\d*[MG]$/.test(text)) throw new InvalidArgumentError('It must be a size: 2G, 1536M.');
  return text;
}

function parseCount(text: string): number {
  return parseWhole(text, 1);
}

function parseTimes(text: string): number {
  return parseWhole(text, 0);
}

function parseWhole(text: string, least: number): number {
  const number = text.trim() === '' ? NaN : Number(text);
  if (!Number.isInteger(number) || number < least) {
    throw new InvalidArgumentError(`It must be a whole number, ${String(least)} or more.`);
  }
  return number;
}

async function boot(
  wanted: string | undefined,
  options: BootCommandOptions,
  context: Context,
): Promise<void> {
  const store = await openStore(context, options);
  const profile = chooseProfile(await store.current(), wanted);
  if (options.shell === true) requireTerminal();
  requireRoot('boot', 'the node gets a network namespace and a TAP device of its own');
  const faults: EmulatorFault[] = [];
  for (;;) {
    const fault = await bootOnce({ store, profile: profile.name }, options, context, faults);
    if (fault === undefined) return;
    faults.push(fault);
    context.output.note(
      `booting again (${faults.length} of ${options.again}): the emulator is at fault, "${fault.line}"`,
    );
  }
}

/**
 * @param faults For which it was booted again before.
 * @returns The fault for which it has to be booted again; else it is done.
 */
async function bootOnce(
  booted: { readonly store: Store; readonly profile: string },
  options: BootCommandOptions,
  context: Context,
  faults: readonly EmulatorFault[],
): Promise<EmulatorFault | undefined> {
  const { firmware, dhcp, again } = options;
  const view = new BootView(context.output, process.stdout.isTTY);
  await using node = await VirtualNode.powerOn(nodeOptionsFor(options, booted, context, view));
  context.output.note(
    `booting profile "${booted.profile}": ${FIRMWARES[firmware].what}; Ctrl-C ends it`,
  );
  using _keyboard = connectKeyboard(node, view);
  try {
    const end = await follow(node, view, options);
    view.showEnd(end);
    context.output.object({
      schema: 'onib.boot/1',
      profile: booted.profile,
      ...{ firmware, dhcp },
      ...end,
      stages: node.stages,
      emulatorFaults: faults,
    });
    if (faults.length > 0) context.output.note(`booted again ${faults.length} times before`);
    return undefined;
  } catch (error) {
    const fault = bootsAgain(error, node, { done: faults.length, most: again });
    if (fault === undefined) throw error;
    return fault;
  } finally {
    view.showSummary(node);
  }
}

function nodeOptionsFor(
  options: BootCommandOptions,
  { store, profile }: { readonly store: Store; readonly profile: string },
  { signal }: Context,
  view: BootView,
): NodeOptions {
  const { firmware, dhcp, memory, cpus, append = '', shell = false } = options;
  return {
    store: store.directory,
    profile,
    ...{ firmware, dhcp, memory, cpus, shell, signal },
    extraArguments: append.split(/\s+/).filter((word) => word !== ''),
    onOutput: view.onOutput,
    onStage: view.onStage,
    onServerEvent: view.onServerEvent,
    onLocalServer: view.onLocalServer,
  };
}

function requireTerminal(): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new OnibError('USAGE', 'Cannot run "onib boot --shell": this is not a terminal', {
    exitCode: EXIT.usage,
    hint: 'without --shell the console is shown, on a terminal or not',
  });
}

/** Waits for what the user asked for. */
async function follow(
  node: VirtualNode,
  view: BootView,
  options: BootCommandOptions,
): Promise<NodeEnd> {
  const { untilReady = false, shell = false, timeout } = options;
  if (untilReady || shell || timeout !== undefined) {
    await node.reached('ready', timeout ?? READY_SECONDS);
  }
  if (untilReady) return await node.stop();
  if (shell) openShell(node, view);
  return await node.ended;
}

/** The debug shell has been waiting since early in the boot: the terminal becomes its terminal. */
function openShell(node: VirtualNode, view: BootView): void {
  view.inShell = true;
  const { rows, columns } = process.stdout;
  const term = process.env.TERM ?? 'linux';
  node.type(
    'shell',
    Buffer.from(` stty rows ${rows} cols ${columns}; export TERM=${term}; clear\n`),
  );
}

/** Where there is no keyboard, e.g. in a pipe, there is nothing to disconnect. */
function connectKeyboard(node: VirtualNode, view: BootView): Disposable {
  if (!process.stdin.isTTY) return { [Symbol.dispose]: () => undefined };
  return listenToKeyboard(process.stdin, (bytes) => {
    const keys = readKeys(bytes, view.inShell);
    if (keys.type.length > 0) node.type(view.inShell ? 'shell' : 'console', keys.type);
    if (!keys.end) return;
    // In a shell the key is its ordinary end; before, it breaks the boot off, as a signal would.
    if (view.inShell) void node.stop();
    else process.kill(process.pid, 'SIGINT');
  });
}
