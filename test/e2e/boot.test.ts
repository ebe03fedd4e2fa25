/**
 * The whole chain: firmware, DHCP, loader, script, kernel, initrd, layers, booted system. Every
 * firmware boots with full DHCP and beside another DHCP server, two nodes at a time.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BootServerEvent, NodeRecord } from '../../boot-server/index.js';
import type { Artifact } from '../../src/contract/release-manifest.js';
import { OnibError } from '../../src/core/errors.js';
import { bootsAgain } from '../../src/vm/emulator-fault.js';
import { VirtualNode } from '../../src/vm/node.js';
import { NODE_DEFAULTS } from '../../src/vm/node-defaults.js';
import { NETWORK, type DhcpMode } from '../../src/vm/network/network.js';
import type { Firmware } from '../../src/vm/firmware/firmware.js';
import { CONTENT_CHECKS } from '../support/vm-content-checks.js';
import { initrdNames, lowerDirectories, outputOf } from '../support/vm-node-checks.js';
import { LATEST, LOSABLE_TASKS } from '../support/vm-overlay.js';
import { defaultRelease, projectWithOverlay, type BuiltProject } from '../support/vm-release.js';

const READY_SECONDS = 420;
/** How often a boot may be done again for a fault of the emulator's own (docs/boot.md). */
const AGAIN = 3;

interface Case {
  readonly firmware: Firmware;
  readonly dhcp: DhcpMode;
  readonly profile: string;
}

interface Boot {
  readonly node: VirtualNode;
  readonly project: BuiltProject;
  readonly events: BootServerEvent[];
  readonly localServer: string[];
}

const ROUNDS: readonly (readonly Case[])[] = [
  [
    { firmware: 'bios', dhcp: 'full', profile: 'discovery' },
    { firmware: 'uefi', dhcp: 'proxy', profile: 'maintenance' },
  ],
  [
    { firmware: 'bios', dhcp: 'proxy', profile: 'losable' },
    { firmware: 'uefi', dhcp: 'full', profile: 'example' },
  ],
];

const boots = new Map<Case, Boot>();
let ownOverlay: BuiltProject & AsyncDisposable;
let byDefault: BuiltProject;

beforeAll(async () => {
  byDefault = await defaultRelease();
  ownOverlay = await projectWithOverlay('losable', LOSABLE_TASKS, {
    SOURCE_DATE_EPOCH: String(LATEST),
  });
});

afterAll(async () => {
  const again = [`boots done again for the emulator's own faults: ${faults.length}`, ...faults];
  console.log(again.join('\n  '));
  await ownOverlay[Symbol.asyncDispose]();
});

async function powerOn(which: Case): Promise<Boot> {
  const project = which.profile === 'losable' ? ownOverlay : byDefault;
  const events: BootServerEvent[] = [];
  const localServer: string[] = [];
  const node = await VirtualNode.powerOn({
    ...which,
    store: project.store.directory,
    shell: true,
    onServerEvent: (event) => events.push(event),
    onLocalServer: (line) => localServer.push(line),
  });
  return { node, project, events, localServer };
}

/** Every boot that was done again, for the report. */
const faults: string[] = [];

/** Boots, and again where the console shows a fault of the emulator's own: nothing else is forgiven. */
async function bootUntilReady(which: Case): Promise<void> {
  for (let done = 0; ; done += 1) {
    const boot = await powerOn(which);
    boots.set(which, boot);
    try {
      await boot.node.reached('ready', READY_SECONDS);
      return;
    } catch (error) {
      const fault = bootsAgain(error, boot.node, { done, most: AGAIN });
      if (fault === undefined) throw withDetails(error);
      faults.push(`${which.firmware}, ${which.profile}: ${fault.line}`);
      await boot.node.stop().catch(() => undefined);
    }
  }
}

/** A report of a failed test has an error's message alone: what processors and console showed goes into it. */
function withDetails(error: unknown): unknown {
  if (!(error instanceof OnibError)) return error;
  return new Error([error.message, ...error.details].join('\n  '), { cause: error });
}

function bootOf(which: Case): Boot {
  const boot = boots.get(which);
  if (boot === undefined) throw new Error('this node did not boot');
  return boot;
}

function artifact(project: BuiltProject, fileName: string): Artifact {
  const found = project.release.artifacts.find((one) => one.fileName === fileName);
  if (found === undefined) throw new Error(`no ${fileName} in the release`);
  return found;
}

function profileOf({ project }: Boot, name: string): BuiltProject['release']['profiles'][number] {
  const found = project.release.profiles.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no profile ${name} in the release`);
  return found;
}

/** The last that the boot server knew of the node. */
function recordOf({ events }: Boot): NodeRecord | undefined {
  return events.findLast((event) => event.type === 'node-stage')?.node;
}

describe.each(ROUNDS)('nodes that PXE-boot (%#)', (...round) => {
  beforeAll(async () => {
    await Promise.all(round.map(bootUntilReady));
  });

  afterAll(async () => {
    await Promise.all(round.map((which) => bootOf(which).node.stop()));
  });

  describe.each(round)('$firmware, $dhcp DHCP, profile $profile', (which) => {
    it('the boot server sees the stages in order, up to ready', () => {
      const { node } = bootOf(which);
      const order = ['dhcp', 'script', 'initrd', 'network', 'manifest', 'fetch', 'verify'];
      order.push('mount', 'switch-root', 'ready');
      const firsts = [...new Set(node.stages.map(({ stage }) => stage))];
      expect(firsts).toEqual(order);
      const seconds = node.stages.map((mark) => mark.seconds);
      expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    });

    it('the boot server knows machine, profile and release of the node', () => {
      const record = recordOf(bootOf(which));
      expect(record).toMatchObject({
        mac: NODE_DEFAULTS.mac,
        firmware: which.firmware,
        profile: which.profile,
        release: bootOf(which).project.release.id,
        stage: 'ready',
      });
    });

    it('the boot server sent every layer, kernel and initrd', () => {
      const boot = bootOf(which);
      const profile = profileOf(boot, which.profile);
      const names = [profile.kernel, profile.initrd, profile.base, profile.modules];
      const sizes = [...names, ...profile.overlays].map(
        (name) => artifact(boot.project, name).size,
      );
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(boot.node.stages.at(-1)?.bytes).toBeGreaterThanOrEqual(total);
    });

    it('the server that is in charge gives the address', async () => {
      const { node, events, localServer } = bootOf(which);
      const given = events.some(
        (event) => event.type === 'dhcp-ack' && event.address !== undefined,
      );
      const local = localServer.some((line) => /DHCPACK.* 192\.168\.77\.1\d\d /.test(line));
      expect({ given, local }).toEqual({
        given: which.dhcp === 'full',
        local: which.dhcp === 'proxy',
      });
      expect(await outputOf(node, 'ip -4 -brief address show scope global')).toMatch(
        /UP +192\.168\.77\.1\d\d\/24/,
      );
    });

    it('/ is the profile’s layers in their order, writable', async () => {
      const { node, project } = bootOf(which);
      const { overlays } = profileOf({ ...bootOf(which), project }, which.profile);
      const names = ['modules', 'base', ...overlays.map((name) => artifact(project, name).name)];
      const directories = await lowerDirectories(node);
      expect(directories.map((directory) => directory.replace(/.*\/\d+-/, ''))).toEqual(
        names.reverse(),
      );
      expect(await outputOf(node, 'touch /written && ls /written')).toBe('/written');
    });

    it('modprobe finds modules that the initrd does not have', async () => {
      const { node, project } = bootOf(which);
      const { initrd } = profileOf(bootOf(which), which.profile);
      const inInitrd = await initrdNames(
        project.store.objectPath(artifact(project, initrd).digest),
      );
      expect(inInitrd.some((name) => name.includes('/overlay.ko'))).toBe(true);
      expect(inInitrd.some((name) => name.includes('/raid1.ko'))).toBe(false);
      await outputOf(node, 'modprobe raid1');
      expect(await outputOf(node, 'cat /proc/modules')).toMatch(/^raid1 /m);
    });

    it('names are resolved by the network’s name server', async () => {
      const { node } = bootOf(which);
      expect(await outputOf(node, `getent hosts server.${NETWORK.domain}`)).toMatch(
        new RegExp(`^${NETWORK.bootServer.replaceAll('.', '\\.')} `),
      );
      expect((await node.shell.run('getent hosts absent.onib.test')).exitCode).toBe(2);
    });

    it('the firmware is the one that was asked for', async () => {
      const { exitCode } = await bootOf(which).node.shell.run('test -d /sys/firmware/efi');
      expect(exitCode).toBe(which.firmware === 'uefi' ? 0 : 1);
    });

    it('no unit has failed', async () => {
      const { node } = bootOf(which);
      const failed = 'systemctl list-units --failed --no-legend --plain | cut -d " " -f 1';
      expect(
        await outputOf(
          node,
          `for unit in $(${failed}); do systemctl status --no-pager -l $unit; done; true`,
        ),
      ).toBe('');
    });

    it.each(Object.entries(CONTENT_CHECKS[which.profile] ?? {}))('%s', async (_, check) => {
      await check(bootOf(which).node);
    });
  });
});
