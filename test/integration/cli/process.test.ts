/** The compiled program as its own process: signals, closed pipes, another user. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initProject } from '../../../src/project/scaffold/scaffold.js';
import { start } from '../../../src/host/command.js';
import { run } from '../../../src/host/run.js';
import { onib, runOnib } from '../../support/onib-command.js';

const [node, program] = onib;

let project: string;
/** A store that holds no release yet. */
let store: string;

beforeAll(async () => {
  project = path.join(await mkdtemp(path.join(tmpdir(), 'onib-process-')), 'images');
  await initProject(project);
  store = path.join(path.dirname(project), 'store');
  for (const name of ['objects', 'releases'])
    await mkdir(path.join(store, name), { recursive: true });
});

afterAll(async () => {
  await rm(path.dirname(project), { recursive: true });
});

describe('onib as a process', () => {
  it('sets its exit code and writes errors to standard error', async () => {
    const ran = await runOnib('/', ['plan']);
    expect(ran.exitCode).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('error[NO_PROJECT]');
  });

  it.each([
    ['--again', '0', 'STORE_MISSING'],
    ['--again', '-1', 'USAGE'],
    ['--cpus', '0', 'USAGE'],
    ['--cpus', '', 'USAGE'],
  ])('onib boot takes %s %s, or says that it cannot', async (option, value, code) => {
    const ran = await runOnib(project, ['boot', option, value, '--store', '/nowhere']);
    expect(ran.stderr).toContain(`error[${code}]`);
  });

  it('runs through a link, as it stands on the PATH', async () => {
    const link = path.join(path.dirname(project), 'onib');
    await run(['ln', '-s', program, link]);
    const { stdout } = await run([node, link, '--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('ends quietly when its reader is gone', async () => {
    const line = `"$0" "$1" --help | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await run(['bash', '-c', line, ...onib]);
    expect(stdout).toBe('0\n');
    expect(stderr).toBe('');
  });

  it('says that a build needs root, before it touches anything', async () => {
    // In a user namespace without a mapping the user is nobody, and may read what root owns.
    const ran = await runOnib(project, ['build', 'all'], { wrapper: ['unshare', '--user'] });
    expect(ran.stderr).toContain('error[NOT_ROOT]');
    expect(ran.exitCode).toBe(3);
    await expect(run(['test', '-e', path.join(project, 'builds')])).rejects.toThrow();
  });
});

describe('onib serve', () => {
  /** In a network of its own, with nothing but loopback. */
  function serve(...argv: string[]): string[] {
    const inNamespace = 'ip link set lo up && exec "$0" "$@"';
    return ['unshare', '--net', 'sh', '-c', inNamespace, ...onib, 'serve', ...argv];
  }

  it('tells when it listens, and ends by SIGTERM without an error', async () => {
    let tell: (line: string) => void = () => undefined;
    const told = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const options = ['--interface', 'lo', '--dhcp', 'off', '--store', store, '--json'];
    const server = start(serve(...options), { check: false, onLine: (line) => tell(line) });
    const event = JSON.parse(await told) as Record<string, unknown>;
    expect(event).toMatchObject({
      schema: 'onib.boot-server-event/1',
      type: 'listening',
      url: 'http://127.0.0.1:8080',
      dhcp: 'off',
    });
    await server.stop();
    expect((await server.result).exitCode).toBe(0);
  });

  it.each([
    {
      what: 'that is not there',
      made: 'ip link add eth1 type bridge',
      nic: 'enp7s0',
      says: [
        'error[INTERFACE_UNKNOWN]: Cannot serve on "enp7s0": this machine has no such network interface',
        'hint: it has eth1',
      ],
    },
    {
      what: 'that is switched off, with an address or not',
      made: 'ip link add eth1 type bridge && ip address add 192.168.77.1/24 dev eth1',
      nic: 'eth1',
      says: [
        'error[INTERFACE_DOWN]: Cannot serve on "eth1": it is switched off',
        'hint: ip link set eth1 up',
      ],
    },
    {
      what: 'without an address',
      made: 'ip link add eth1 type bridge && ip link set eth1 up && ip -6 address flush dev eth1',
      nic: 'eth1',
      says: [
        'error[INTERFACE_NO_ADDRESS]: Cannot serve on "eth1": it has no IPv4 address',
        'hint: ip address add 192.168.100.1/24 dev eth1',
      ],
    },
  ])('refuses a NIC $what, and says what to do', async ({ made, nic, says }) => {
    const argv = ['serve', '--interface', nic, '--store', store];
    const inNamespace = `${made} && exec "$0" "$@"`;
    const ran = await run(['unshare', '--net', 'sh', '-c', inNamespace, ...onib, ...argv], {
      check: false,
    });
    for (const line of says) expect(ran.stderr).toContain(line);
    expect(ran.exitCode).toBe(3);
  });

  it('serves on a NIC whose cable leads nowhere yet, and says so', async () => {
    // The other end of the pair is down: no carrier.
    const pair =
      'ip link add eth1 type veth peer name far && ip address add 192.168.77.1/24 dev eth1 && ip link set eth1 up';
    const argv = ['serve', '--interface', 'eth1', '--store', store, '--json'];
    let tell: (line: string) => void = () => undefined;
    const told = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const server = start(
      ['unshare', '--net', 'sh', '-c', `${pair} && exec "$0" "$@"`, ...onib, ...argv],
      { check: false, onLine: (line) => line.includes('"INTERFACE_NO_LINK"') && tell(line) },
    );
    const ended = server.result.then(({ stderr }) => stderr);
    expect(JSON.parse(await Promise.race([told, ended]))).toMatchObject({
      type: 'warning',
      code: 'INTERFACE_NO_LINK',
      message: 'Cannot reach a node yet: "eth1" has no link',
    });
    await server.stop();
    expect((await server.result).exitCode).toBe(0);
  });

  it('refuses full DHCP without addresses', async () => {
    const range = await run(serve('--interface', 'lo', '--dhcp', 'full'), { check: false });
    expect(range.stderr).toContain('error[USAGE]');
    expect(range.exitCode).toBe(2);
  });
});
