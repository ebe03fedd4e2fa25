/** `onib serve`: the boot server, on a real NIC, until Ctrl-C. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  previewMachine,
  startBootServer,
  type BootServer,
  type BootServerEvent,
  type DhcpOptions,
} from '../../../boot-server/index.js';
import { parseMac } from '../../contract/mac.js';
import { EXIT, formatPlace, OnibError } from '../../core/errors.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { requireRoot } from '../options/root.js';
import {
  openAssignment,
  type AssignmentOptions,
  type FollowedAssignment,
} from '../options/assignment.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';
import { serveLine } from '../show/serve-lines.js';

interface ServeOptions extends StoreOptions, AssignmentOptions {
  readonly render?: string;
  readonly interface: string;
  readonly dhcp: DhcpOptions['mode'];
  readonly range?: readonly [first: string, last: string];
  readonly router?: string;
  readonly nameserver?: readonly string[];
  readonly httpPort: number;
  readonly profile?: string;
  readonly user?: string;
}

export function registerServe(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'serve',
    summary: 'serve the current release to nodes that netboot',
    examples: [
      ['onib serve --interface eth1 --dhcp proxy', 'beside the DHCP server of the network'],
      [
        'onib serve --interface eth1 --dhcp full --range 192.168.100.50-192.168.100.99',
        'as the only DHCP server of a private network',
      ],
      [
        'onib serve --interface eth1 --render 52:54:00:12:34:56',
        'what this node would boot, and which line decides it',
      ],
    ],
  })
    .requiredOption('--interface <name>', 'NIC that the nodes are on')
    .addOption(
      new Option('--dhcp <mode>', 'proxy: another server gives the addresses; full: this one does')
        .choices(['proxy', 'full', 'off'])
        .default('proxy'),
    )
    .option('--range <first-last>', 'addresses to give out, with --dhcp full', parseRange)
    .option('--router <address>', 'default gateway of the nodes, with --dhcp full')
    .option('--nameserver <address...>', 'name servers of the nodes, with --dhcp full')
    .option('--http-port <port>', 'port of the HTTP server', parsePort, 8080)
    .option('--profile <name>', 'boot profile of nodes that boot-profiles.yml does not name')
    .option('--assign <file>', 'follow this file in place of boot-profiles.yml of the project')
    .option(
      '--render <mac>',
      'print the script that this node would get, and why; serve nothing',
      parseNode,
    )
    .option('--user <name>', 'become this user once the ports are bound');
  addStoreOption(command).action(async (options: ServeOptions) => {
    await serve(options, context);
  });
}

function parseRange(text: string): [string, string] {
  const match = /^([\d.]+)-([\d.]+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be two addresses: A-B.');
  return [match[1] ?? '', match[2] ?? ''];
}

function parseNode(text: string): string {
  const mac = parseMac(text);
  if (mac === undefined) throw new InvalidArgumentError('It must be a MAC address.');
  return mac;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('It must be a port number, 1 to 65535.');
  }
  return port;
}

function dhcpOptions({ dhcp, range, router, nameserver }: ServeOptions): DhcpOptions {
  if (dhcp !== 'full') return { mode: dhcp };
  if (range === undefined) {
    throw new OnibError('USAGE', 'Cannot serve with "--dhcp full": no addresses to give out', {
      exitCode: EXIT.usage,
      hint: '--range 192.168.100.50-192.168.100.99',
    });
  }
  return {
    mode: 'full',
    range: { first: range[0], last: range[1] },
    ...(router === undefined ? {} : { router }),
    ...(nameserver === undefined ? {} : { nameservers: nameserver }),
  };
}

async function serve(options: ServeOptions, context: Context): Promise<void> {
  if (options.render !== undefined) {
    await render(options.render, options, context);
    return;
  }
  const dhcp = dhcpOptions(options);
  requireRoot('serve', 'DHCP and TFTP use ports below 1024');
  const { directory: store } = await openStore(context, options);
  using followed = await openAssignment(context, options);
  const stopped = stopSignal(context);
  const server = await startBootServer({
    store,
    interface: options.interface,
    dhcp,
    httpPort: options.httpPort,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(followed?.assignment === undefined ? {} : { assignment: followed.assignment }),
    ...(options.user === undefined ? {} : { user: options.user }),
    onEvent: (event) => {
      tell(event, context);
      if (event.type === 'failed') stopped.fail(new OnibError(event.code, event.message));
    },
  });
  try {
    if (followed) follow(followed, server, context);
    await stopped.promise;
  } finally {
    await server.close();
  }
}

/** The server keeps what it was assigned last while the file has mistakes. */
function follow(followed: FollowedAssignment, server: BootServer, context: Context): void {
  followed.follow(
    (assignment) => server.assign(assignment),
    (problems) => {
      for (const { code, message, hint, where } of problems) {
        const kept = `${message}; nodes get what they got before`;
        const event = { type: 'warning', code, message: kept } as const;
        tell(
          {
            ...event,
            ...(hint === undefined ? {} : { hint }),
            ...(where === undefined ? {} : { place: formatPlace(where) }),
          },
          context,
        );
      }
    },
  );
}

async function render(mac: string, options: ServeOptions, context: Context): Promise<void> {
  const { output } = context;
  const { directory: store } = await openStore(context, options);
  using followed = await openAssignment(context, options);
  const { decision, script, problem } = await previewMachine(mac, {
    store,
    interface: options.interface,
    httpPort: options.httpPort,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(followed?.assignment === undefined ? {} : { assignment: followed.assignment }),
    onWarning: (event) => tell(event, context),
  });
  const { rule, why } = decision;
  output.object({
    schema: 'onib.boot-decision/1',
    mac,
    ...('profile' in decision ? { release: decision.release, profile: decision.profile } : {}),
    ...(rule === undefined ? {} : { rule, why }),
    ...(problem === undefined ? {} : { problem }),
    script,
  });
  output.result(script.trimEnd());
  if ('profile' in decision) {
    output.note(
      `${mac}: profile "${decision.profile}" of release ${decision.release}: ${decision.why}`,
    );
  }
  if (problem !== undefined) {
    throw new OnibError(problem.code, `Cannot boot "${mac}": ${problem.message}`, {
      hint: problem.hint,
    });
  }
}

/** Ctrl-C is how a server ends: no error. */
function stopSignal({ signal }: Context): {
  readonly promise: Promise<void>;
  fail(error: OnibError): void;
} {
  let fail: (error: OnibError) => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    fail = reject;
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
  return { promise, fail: (error) => fail(error) };
}

function tell(event: BootServerEvent, { output }: Context): void {
  output.object({ schema: 'onib.boot-server-event/1', time: Date.now() / 1000, ...event });
  const line = serveLine(event, output.verbose);
  if (line !== undefined) output.event(line);
}
