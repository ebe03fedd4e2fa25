/** A real sshd on 127.0.0.1, with keys and settings of its own. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { start, type RunningCommand } from '../../src/host/command.js';
import { run } from '../../src/host/run.js';
import { until } from './wait.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class SshServer implements AsyncDisposable {
  readonly #directory: string;
  readonly #port: number;
  readonly #server: RunningCommand;

  private constructor(directory: string, port: number, server: RunningCommand) {
    this.#directory = directory;
    this.#port = port;
    this.#server = server;
  }

  static async start(): Promise<SshServer> {
    const directory = await mkdtemp(path.join(tmpdir(), 'onib-sshd-'));
    await chmod(directory, 0o755);
    const file = (name: string): string => path.join(directory, name);
    for (const name of ['host', 'user']) {
      await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
    }
    const port = await freePort();
    await writeFile(
      file('config'),
      [
        ...[`ListenAddress 127.0.0.1:${String(port)}`, `HostKey ${file('host')}`, 'UsePAM no'],
        ...[`AuthorizedKeysFile ${file('user.pub')}`, `PidFile ${file('pid')}`, 'StrictModes no'],
        ...['PasswordAuthentication no', 'PermitRootLogin yes', 'MaxStartups 100'],
      ].join('\n'),
    );
    // It separates privileges in a directory that the package's service makes.
    await run(['mkdir', '-p', '/run/sshd']);
    const server = start(['/usr/sbin/sshd', '-D', '-e', '-f', file('config')], { check: false });
    await run(['sh', '-c', `echo "[127.0.0.1]:${String(port)} $(cat host.pub)" >known`], {
      cwd: directory,
    });
    const one = new SshServer(directory, port, server);
    await until('sshd', async () => {
      const argv = ['sh', '-c', `${one.command} ${one.host} true`];
      return (await run(argv, { check: false })).exitCode === 0 ? true : undefined;
    });
    return one;
  }

  /** What `--ssh` takes. */
  get command(): string {
    return this.commandWith({});
  }

  get host(): string {
    return `${userInfo().username}@127.0.0.1`;
  }

  /** With another key, or without the host's. */
  commandWith({ key = 'user', known = 'known' }: { key?: string; known?: string }): string {
    const file = (name: string): string => path.join(this.#directory, name);
    return `ssh -F none -p ${String(this.#port)} -i ${file(key)} -o IdentitiesOnly=yes -o UserKnownHostsFile=${file(known)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await rm(this.#directory, { recursive: true });
  }
}
