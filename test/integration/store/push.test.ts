/** `onib push`: to a directory and over a real ssh, broken off at any moment, and refused. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoreWatch } from '../../../boot-server/release/store-watch.js';
import { packagePath } from '../../../src/core/package.js';
import { start } from '../../../src/host/command.js';
import { run } from '../../../src/host/run.js';
import { Store } from '../../../src/store/store.js';
import { onib, runOnib } from '../../support/onib-command.js';
import { SshServer } from '../../support/ssh-server.js';
import { digestOf, StoreFixture, type FixtureArtifact } from '../../support/store-fixture.js';
import { differencesOfShape, examplesIn } from '../cli/support/shape.js';

const [older, newer, newest] = [14, 15, 16].map((hour) => `20261120T${String(hour)}0501Z-3f9c`) as [
  string,
  string,
  string,
];
const LARGE = 100 * 1024 * 1024;
const shared = { kind: 'loader', fileName: 'ipxe.efi', content: 'always the same' } as const;
const bytes = randomBytes(LARGE);
const large: FixtureArtifact = { kind: 'base', fileName: 'base.trixie.squashfs', content: bytes };

let server: SshServer;
let work: string;
let near: StoreFixture;
let far: string;

beforeAll(async () => {
  server = await SshServer.start();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function addRelease(id: string, artifacts: readonly FixtureArtifact[]): Promise<void> {
  const manifest = await near.addRelease({ id, artifacts, profiles: [] });
  const sums = manifest.artifacts.map(
    ({ digest, fileName }) => `${digest.slice(7)}  ${fileName}\n`,
  );
  await writeFile(path.join(near.directory, 'releases', id, 'SHA256SUMS'), sums.join(''));
}

beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-push-'));
  far = path.join(work, 'far store');
  near = await StoreFixture.create();
  await addRelease(older, [{ ...large, content: 'the older base' }, shared]);
  await near.switchTo(older);
});

afterEach(async () => {
  await rm(work, { recursive: true });
  await near.remove();
});

/** Both ways to the same directory. */
const ways: [string, () => string[]][] = [
  ['a directory', () => [far]],
  ['a host', () => [`${server.host}:${far}`, '--ssh', server.command]],
];

async function push(
  ...words: string[]
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  return await runOnib(work, ['push', ...words, '--store', near.directory]);
}

/** A directory for PATH that holds these programs alone. */
async function binWith(programs: readonly string[]): Promise<string> {
  const bin = path.join(work, 'bin');
  await mkdir(bin);
  for (const program of programs) {
    await run(['sh', '-euc', 'ln -s "$(command -v "$0")" "$1"', program, `${bin}/`]);
  }
  return bin;
}

const farCurrent = async (): Promise<string> =>
  path.basename(await readlink(path.join(far, 'current')));

/** Everything in the far store, by digest; nothing of a push is left. */
async function expectWhole(id: string): Promise<void> {
  const release = path.join(far, 'releases', id);
  await run(['sha256sum', '--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: release });
  await run(['diff', '-r', '--no-dereference', path.join(near.directory, 'releases', id), release]);
  for (const name of await readdir(path.join(far, 'objects'))) {
    expect(digestOf(await readFile(path.join(far, 'objects', name)))).toBe(`sha256:${name}`);
  }
  const names = (await readdir(far)).sort();
  expect(names).toEqual([
    'current',
    'held',
    'lock',
    'objects',
    'push.lock',
    'releases',
    'switch.lock',
  ]);
}

/** What a boot server finds there. */
async function servedThere(): Promise<string | undefined> {
  const warnings: string[] = [];
  const watch = await StoreWatch.start({
    store: far,
    onChange: () => undefined,
    onWarning: ({ message }) => warnings.push(message),
  });
  watch.stop();
  expect(warnings).toEqual([]);
  return watch.catalogue.current?.id;
}

describe.each(ways)('onib push to %s', (_, to) => {
  it('copies what is missing, switches, and is done again at once', async () => {
    const first = await push(...to());
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stdout).toContain(`release ${older} is current at `);
    await expectWhole(older);
    await addRelease(newer, [large, shared]);
    await near.switchTo(newer);
    const second = JSON.parse((await push(...to(), '--json')).stdout) as { schema: string };
    expect(second).toMatchObject({
      release: newer,
      before: older,
      objects: 1,
      bytes: LARGE,
      current: true,
    });
    const documented = examplesIn(await readFile(packagePath('docs/json.md'), 'utf8'));
    const example = documented.find(({ schema }) => schema === second.schema);
    expect(differencesOfShape(example, second)).toEqual([]);
    const third = JSON.parse((await push(...to(), '--json')).stdout) as unknown;
    expect(third).toMatchObject({ objects: 0, bytes: 0, before: newer, current: true });
    await expectWhole(newer);
    expect(await farCurrent()).toBe(newer);
    expect(await servedThere()).toBe(newer);
  });

  it('leaves what is current, pinned and served there alone with --no-activate', async () => {
    await push(...to());
    await run(['sh', '-euc', `mkdir pins served; echo x >pins/${older}; echo y >served/${older}`], {
      cwd: far,
    });
    await addRelease(newer, [shared]);
    const { stdout } = await push(...to(), '--release', newer, '--no-activate');
    expect(stdout).toContain(`release ${newer} is there, and not current`);
    expect(await farCurrent()).toBe(older);
    expect(await readFile(path.join(far, 'pins', older), 'utf8')).toBe('x\n');
    expect(await readFile(path.join(far, 'served', older), 'utf8')).toBe('y\n');
  });

  it('killed at any moment leaves the older release served, and goes on later', async () => {
    await push(...to());
    await addRelease(newer, [
      large,
      shared,
      { kind: 'overlay', fileName: 'a.overlay.cpio.gz', content: 'a' },
    ]);
    await near.switchTo(newer);
    let midway = 0;
    for (let moment = 150; moment < 3000; moment += 150) {
      const argv = [...onib, 'push', ...to(), '--store', near.directory];
      const running = start(argv, { cwd: work, check: false });
      const ended = await Promise.race([running.result.then(() => true), delay(moment, false)]);
      if (ended) break;
      process.kill(running.pid, 'SIGKILL');
      await running.result;
      if (existsSync(path.join(far, 'incoming'))) midway += 1;
      if ((await farCurrent()) === older) expect(await servedThere()).toBe(older);
    }
    expect(midway).toBeGreaterThan(0);
    expect(await push(...to())).toMatchObject({ exitCode: 0 });
    expect(await farCurrent()).toBe(newer);
    await expectWhole(newer);
  }, 120_000);

  it('goes on with what had arrived, and copies again what arrived damaged', async () => {
    await addRelease(newer, [large, shared]);
    await near.switchTo(newer);
    const incoming = path.join(far, 'incoming', digestOf(bytes).slice(7));
    for (const content of [bytes.subarray(0, LARGE / 2), Buffer.alloc(LARGE, 'damaged')]) {
      await rm(far, { recursive: true, force: true });
      await mkdir(path.dirname(incoming), { recursive: true });
      await writeFile(incoming, content);
      expect(await push(...to())).toMatchObject({ exitCode: 0 });
      await expectWhole(newer);
    }
  });

  it('refuses an object that has other bytes there, and names it', async () => {
    await push(...to());
    const name = digestOf(shared.content).slice(7);
    const object = path.join(far, 'objects', name);
    await addRelease(newer, [shared]);
    for (const content of ['Always the same', 'of another size']) {
      await writeFile(object, content);
      const { stderr, exitCode } = await push(...to(), '--release', newer);
      expect(stderr).toMatch(
        new RegExp(`error\\[FAR_DIFFERS\\].*"ipxe.efi".*\\n +hint: .*rm .*${name}`),
      );
      expect(exitCode).toBe(1);
      expect(await farCurrent()).toBe(older);
    }
  });

  it('refuses a directory that holds other things, and one that is busy', async () => {
    await mkdir(far);
    await writeFile(path.join(far, 'letter.txt'), '');
    expect((await push(...to())).stderr).toMatch(/error\[FAR_NOT_A_STORE\]/);
    await rm(far, { recursive: true });
    await push(...to());
    await using _lock = await new Store(far).lock('onib gc');
    const { stderr, exitCode } = await push(...to());
    expect(stderr).toMatch(/error\[BUSY\].*held by onib gc, process \d+/);
    expect(exitCode).toBe(4);
  });

  it('does not switch to what takes a profile from nodes, until it is said once more', async () => {
    await near.addRelease({ id: newer });
    await run(
      [
        'sh',
        '-euc',
        'cd releases/$0; sha256sum * | grep -v manifest.json >sums; mv sums SHA256SUMS',
        newer,
      ],
      {
        cwd: near.directory,
      },
    );
    expect(await push(...to(), '--release', newer)).toMatchObject({ exitCode: 0 });
    await addRelease(newest, [shared]);
    const file = path.join(near.directory, 'releases', newest, 'manifest.json');
    const incomplete = [{ profile: 'discovery', reason: 'overlay "discovery" is not built' }];
    const manifest = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...manifest, incomplete }));
    const { stderr, exitCode } = await push(...to(), '--release', newest);
    expect(stderr).toMatch(
      /error\[PROFILES_LOST\].*"discovery"(?:.*\n)+ +hint: onib push .* --activate/,
    );
    expect(exitCode).toBe(1);
    expect(await farCurrent()).toBe(newer);
    expect(existsSync(path.join(far, 'releases', newest, 'manifest.json'))).toBe(true);
    expect(await push(...to(), '--release', newest, '--activate')).toMatchObject({ exitCode: 0 });
    expect(await farCurrent()).toBe(newest);
  });

  it('says that the disk there is full', async () => {
    await addRelease(newer, [large]);
    await mkdir(far);
    await run(['mount', '-t', 'tmpfs', '-o', 'size=20M', 'onib-full', far]);
    try {
      const { stderr } = await push(...to(), '--release', newer);
      expect(stderr).toMatch(
        /error\[FAR_FULL\](?:.*\n)+ +needed: \d+ bytes\n +free: \d+ bytes\n +hint: /,
      );
    } finally {
      await run(['umount', far]);
    }
  });
});

describe('onib push', () => {
  it.each([
    ['a host with another key than is known', { known: 'nothing' }, /does not know the host/],
    ['a host that does not know the user', { key: 'host' }, /does not let this user in/],
  ])('says what is wrong with %s', async (_, which, says) => {
    const to = [`${server.host}:${far}`, '--ssh', server.commandWith(which)];
    const { stderr, exitCode } = await push(...to);
    expect(stderr).toMatch(/error\[FAR_UNREACHABLE\](?:.*\n)+ +hint: ssh/);
    expect(stderr).toMatch(says);
    expect(exitCode).toBe(1);
  });

  it('says that nobody answers', async () => {
    const { stderr } = await push('127.0.0.1:/srv/onib', '--ssh', 'ssh -F none -p 1');
    expect(stderr).toMatch(/error\[FAR_UNREACHABLE\].*does not answer.*\n(?:.*\n)* +hint: ssh/);
  });

  it('says that the disk there filled up while it copied', async () => {
    await addRelease(newer, [large]);
    await mkdir(far);
    await run(['mount', '-t', 'tmpfs', '-o', 'size=110M', 'onib-full', far]);
    const ssh = path.join(work, 'slow-ssh');
    const fill = `case $* in *--server*|*exec*rsync*) head -c 90M /dev/zero >'${far}/other' ;; esac`;
    await writeFile(ssh, `#!/bin/sh\n${fill}\nexec ${server.command} "$@"\n`, { mode: 0o755 });
    try {
      const to = [`${server.host}:${far}`, '--ssh', ssh, '--release', newer];
      expect((await push(...to)).stderr).toMatch(
        /error\[FAR_FULL\].*its disk is full\n(?:.*\n)* +rsync: \[sender\].*Broken pipe/,
      );
    } finally {
      await run(['umount', far]);
    }
  });

  it.each([
    ['ssh', ['sh'], 'openssh-client'],
    ['rsync', ['sh', 'setpriv', 'ssh'], 'rsync'],
  ])('says that %s is missing here', async (program, there, debianPackage) => {
    const PATH = await binWith(there);
    const ssh = program === 'ssh' ? [] : ['--ssh', server.command];
    const words = ['push', `${server.host}:${far}`, ...ssh, '--store', near.directory];
    const { stderr, exitCode } = await runOnib(work, words, { env: { PATH } });
    expect(stderr).toContain(`error[COMMAND_MISSING]: Cannot push to `);
    expect(stderr).toMatch(
      new RegExp(
        `: ${program} is not installed here\n(.*\n)* +hint: apt-get install ${debianPackage}\n`,
      ),
    );
    expect(exitCode).toBe(3);
  });

  it('says that rsync is missing here also where it pushes to a directory', async () => {
    const words = ['push', far, '--store', near.directory];
    const { stderr, exitCode } = await runOnib(work, words, {
      env: { PATH: await binWith(['sh', 'setpriv']) },
    });
    expect(stderr).toMatch(/error\[COMMAND_MISSING\].*: rsync is not installed here\n/);
    expect(exitCode).toBe(3);
  });

  it('says that the far end has no rsync', async () => {
    const bin = await binWith(['sh']);
    const ssh = path.join(work, 'poor-ssh');
    await writeFile(ssh, `#!/bin/sh\nfor last; do :; done\nPATH=${bin}\neval "$last"\n`, {
      mode: 0o755,
    });
    const { stderr, exitCode } = await push('elsewhere:/srv/onib', '--ssh', ssh);
    expect(stderr).toMatch(
      /error\[FAR_LACKS\]: .*rsync is not installed there\n +hint: apt-get install rsync/,
    );
    expect(exitCode).toBe(3);
  });

  it('refuses to push a release that is not whole, or to push a store to itself', async () => {
    expect((await push(near.directory)).stderr).toMatch(/error\[USAGE\].*the store that is pushed/);
    await truncate(near.objectPath(digestOf(shared.content).slice(7)), 1);
    expect((await push(far)).stderr).toMatch(/error\[RELEASE_INCOMPLETE\]/);
    expect(existsSync(far)).toBe(false);
  });
});
