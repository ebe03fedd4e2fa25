/**
 * A network of its own for tests of the boot server: a bridge with the server on it, and machines in
 * network namespaces behind veth pairs.
 *
 * Everything is in one mount, PID and network namespace whose init dies with the test: then the kernel ends
 * every process in it and removes every device, also when the test was killed.
 */
import { readFile } from 'node:fs/promises';
import { start, type RunningCommand } from '../../src/host/command.js';
import { run, type RunOptions, type RunResult } from '../../src/host/run.js';

export const SERVER_ADDRESS = '192.168.77.1';
export const BRIDGE = 'br0';
/** Covered by a tmpfs that only the network's own processes see. */
const NAMESPACES = '/run/lock';

/** To the one child of a command of this network: nsenter itself stays outside of the PID namespace. */
export async function signalInside(command: RunningCommand, signal: NodeJS.Signals): Promise<void> {
  const { pid } = command;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  process.kill(Number(children), signal);
}

export class BootNetwork implements AsyncDisposable {
  readonly #init: RunningCommand;

  private constructor(init: RunningCommand) {
    this.#init = init;
  }

  /** Bridge with the server's address on it, no machine yet. */
  static async create(): Promise<BootNetwork> {
    let tell: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const init = start(
      [
        ...['setpriv', '--pdeathsig', 'KILL', '--', 'unshare', '--mount', '--pid', '--net'],
        ...['--fork', '--kill-child=KILL', '--propagation', 'private', '--mount-proc', '--'],
        ...['sh', '-c', `mount -t tmpfs tmpfs ${NAMESPACES} && echo ready && exec sleep infinity`],
      ],
      { check: false, onLine: tell },
    );
    await ready;
    const network = new BootNetwork(init);
    await network.configure(undefined, [
      'link set lo up',
      `link add ${BRIDGE} type bridge stp_state 0 forward_delay 0`,
      `address add ${SERVER_ADDRESS}/24 dev ${BRIDGE}`,
      `link set ${BRIDGE} up`,
    ]);
    return network;
  }

  /** One more machine on the bridge, with `eth0` up and, unless given one, without an address. */
  async addMachine(name: string, mac: string, address?: string): Promise<void> {
    const file = `${NAMESPACES}/${name}`;
    await this.run(undefined, ['sh', '-c', `touch "$0" && unshare --net="$0" true`, file]);
    await this.configure(undefined, [
      `link add to-${name} type veth peer name eth0 netns ${file}`,
      `link set to-${name} master ${BRIDGE} up`,
    ]);
    await this.configure(name, [
      'link set lo up',
      `link set eth0 address ${mac} up`,
      ...(address === undefined ? [] : [`address add ${address}/24 dev eth0`]),
    ]);
  }

  /** File of a machine's network namespace, as this process can open it. */
  namespaceOf(machine: string): string {
    return `/proc/${this.#init.pid}/root${NAMESPACES}/${machine}`;
  }

  /** Runs a command on a machine; undefined: on the server. */
  async run(
    machine: string | undefined,
    argv: readonly string[],
    options: RunOptions = {},
  ): Promise<RunResult> {
    return await run(this.#inside(machine, argv), options);
  }

  start(
    machine: string | undefined,
    argv: readonly string[],
    options: RunOptions = {},
  ): RunningCommand {
    return start(this.#inside(machine, argv), options);
  }

  /** @param lines for `ip -batch` */
  async configure(machine: string | undefined, lines: readonly string[]): Promise<void> {
    const input = lines.map((line) => `${line}\n`).join('');
    await this.run(machine, ['ip', '-batch', '-'], { input });
  }

  #inside(machine: string | undefined, argv: readonly string[]): string[] {
    const of = `/proc/${this.#init.pid}/ns`;
    const net = machine === undefined ? `${of}/net` : this.namespaceOf(machine);
    // pid_for_children: init's own PID namespace, seen from the process that made it.
    const flags = [`--mount=${of}/mnt`, `--pid=${of}/pid_for_children`, `--net=${net}`];
    return ['nsenter', ...flags, '--', ...argv];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not by stop(): an init has no default actions, and would wait out the grace after SIGTERM.
    process.kill(this.#init.pid, 'SIGKILL');
    await this.#init.result;
  }
}
