/** `onib push`: what it makes current at the far end and what it writes down there, held against the commands there. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/run.js';
import { listReleases } from '../../../src/store/releases.js';
import { Store } from '../../../src/store/store.js';
import { runOnib } from '../../support/onib-command.js';
import { StoreFixture } from '../../support/store-fixture.js';

const [first, second, third] = [14, 15, 16].map((hour) => `20261120T${String(hour)}0501Z-3f9c`) as [
  string,
  string,
  string,
];

let work: string;
let near: StoreFixture;
let far: string;

beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-push-'));
  far = path.join(work, 'far');
  near = await StoreFixture.create();
  for (const id of [first, second, third]) await addRelease(id);
});

afterEach(async () => {
  await rm(work, { recursive: true });
  await near.remove();
});

/** A release with a loader of its own, and a boot profile if it is named. */
async function addRelease(id: string, profile?: string): Promise<void> {
  if (profile === undefined) {
    const own = { kind: 'loader', fileName: 'ipxe.efi', content: `of ${id}` } as const;
    await near.addRelease({ id, artifacts: [own], profiles: [] });
  } else await near.addRelease({ id, profiles: [{ name: profile }] });
  await writeFile(path.join(near.directory, 'releases', id, 'SHA256SUMS'), '');
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

async function push(id: string, ...words: string[]): Promise<Ended> {
  return await runOnib(work, ['push', far, '--release', id, ...words, '--store', near.directory]);
}

async function there(...words: string[]): Promise<Ended> {
  return await runOnib(work, [...words, '--store', far]);
}

const current = async (store = far): Promise<string> =>
  path.basename(await readlink(path.join(store, 'current')));

async function heldThere(): Promise<Record<string, string | undefined>> {
  const releases = await listReleases(new Store(far));
  return Object.fromEntries(releases.map(({ id, held }) => [id, held]));
}

/** What rolled-back.json says, without its time. */
async function rolledBack(store: string): Promise<object> {
  const text = await readFile(path.join(store, 'rolled-back.json'), 'utf8').catch(() => '{}');
  return { ...(JSON.parse(text) as object), since: undefined };
}

describe('onib push', () => {
  it('marks what it brings and does not make current, as builds do, and rollback passes over it', async () => {
    await push(first);
    expect(await push(second, '--no-activate')).toMatchObject({ exitCode: 0 });
    expect(await heldThere()).toEqual({
      [first]: undefined,
      [second]: 'pushed with --no-activate',
    });
    await push(third);
    expect(await heldThere()).toMatchObject({ [third]: undefined });
    await there('rollback');
    expect(await current()).toBe(first);
    // This one was current before.
    await push(third, '--no-activate');
    expect(await heldThere()).toMatchObject({ [third]: undefined });
    expect(await push(second, '--activate')).toMatchObject({ exitCode: 0 });
    expect(await heldThere()).toMatchObject({ [second]: undefined });
  });

  it('marks what it holds since nodes would lose a profile', async () => {
    const [before, after] = ['20261121T090000Z-0001', '20261121T100000Z-0002'];
    await addRelease(before, 'discovery');
    await addRelease(after, 'erase');
    await push(before);
    expect(await push(after)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('error[PROFILES_LOST]') as string,
    });
    const why = `nodes would lose "discovery", which release ${before} boots`;
    expect(await heldThere()).toMatchObject({
      [after]: `Cannot make release "${after}" current: ${why}`,
    });
  });

  it('records who went back as "onib activate" there does', async () => {
    const twin = path.join(work, 'twin');
    for (const id of [first, second, third]) await push(id);
    await run(['cp', '-a', far, twin]);
    // Back, on back, half way forward, the same again, and beyond; at the start somebody goes back there.
    await there('rollback');
    await runOnib(work, ['rollback', '--store', twin]);
    expect(await rolledBack(far)).toMatchObject({ release: second, from: third });
    const record = await readFile(path.join(far, 'rolled-back.json'), 'utf8');
    for (const id of [second, first, second, second, third, first]) {
      expect(await push(id)).toMatchObject({ exitCode: 0 });
      await runOnib(work, ['activate', id, '--store', twin]);
      expect(await current()).toBe(await current(twin));
      expect([id, await rolledBack(far)]).toEqual([id, await rolledBack(twin)]);
      if (id === second)
        expect(await readFile(path.join(far, 'rolled-back.json'), 'utf8')).toBe(record);
    }
    expect((await there('status')).stdout).toContain(`rolled back from ${third}`);
  });

  it('says what it replaces where somebody went back there', async () => {
    for (const id of [first, second]) await push(id);
    expect((await push(third, '--no-activate')).stderr).not.toContain('rolled back');
    await there('rollback');
    expect((await push(first)).stderr).not.toContain('rolled back');
    const { stderr } = await push(third);
    expect(stderr).toMatch(
      new RegExp(`rolled back from ${second} since .* there: this push replaces release ${first}`),
    );
  });

  it.each([
    ['is damaged', '{"schema": "onib.release/2"'],
    ['a newer onib wrote', '{"schema": "onib.release/99"}'],
    ['is missing', undefined],
  ])(
    'does not switch from a release whose manifest %s, until it is said once more',
    async (_, text) => {
      await push(first);
      const manifest = path.join(far, 'releases', first, 'manifest.json');
      if (text === undefined) await rm(manifest);
      else await writeFile(manifest, text);
      const { stderr, exitCode } = await push(second);
      expect(stderr).toMatch(
        new RegExp(
          `error\\[FAR_CURRENT_UNREADABLE\\]: .*release ${first} there cannot be read\n(?:.*\n)+ +hint: onib push .* --activate`,
        ),
      );
      expect(exitCode).toBe(1);
      expect(await current()).toBe(first);
      expect((await heldThere())[second]).toContain('nobody knows which profiles');
      expect(await push(second, '--activate')).toMatchObject({ exitCode: 0 });
      expect(await current()).toBe(second);
      expect(await heldThere()).toMatchObject({ [second]: undefined });
    },
  );

  it.each([
    ['another', second],
    ['just this', first],
  ])(
    'switches where "current" names a release that is not there: %s one arrives',
    async (_, id) => {
      await mkdir(path.join(far, 'objects'), { recursive: true });
      await symlink(`releases/${first}`, path.join(far, 'current'));
      expect(await push(id)).toMatchObject({ exitCode: 0 });
      expect(await current()).toBe(id);
      expect(await heldThere()).toEqual({ [id]: undefined });
    },
  );
});

describe('onib push to a new directory', () => {
  it('takes one that holds nothing but who gets what', async () => {
    await mkdir(far);
    await writeFile(path.join(far, 'boot-profiles.yml'), 'default: discovery\n');
    expect(await push(first)).toMatchObject({ exitCode: 0 });
  });
});

describe('onib push, while other things happen to that store', () => {
  it('lets the word of somebody stand who switches there meanwhile', async () => {
    await push(first);
    await push(second);
    const ssh = path.join(work, 'ssh');
    const switched = `ln -sfn releases/${first} '${far}/current'`;
    const lines = [
      'while [ "$1" != elsewhere ]; do shift; done; shift',
      `case $* in *--server*) ${switched} ;; esac`,
      'eval "$*"',
    ];
    await writeFile(ssh, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
    const words = ['push', `elsewhere:${far}`, '--ssh', ssh, '--release', third];
    const { stderr } = await runOnib(work, [...words, '--store', near.directory]);
    expect(stderr).toMatch(/error\[FAR_MOVED\]/);
    expect(await current()).toBe(first);
    const why = `while it was pushed, somebody switched to ${first}`;
    expect(await heldThere()).toEqual({ [first]: undefined, [second]: undefined, [third]: why });
  });

  it('copies a manifest again that is damaged on the way, though it looks the same', async () => {
    const manifest = path.join(near.directory, 'releases', first, 'manifest.json');
    const arrived = path.join(far, 'incoming', first, 'manifest.json');
    await mkdir(path.dirname(arrived), { recursive: true });
    await run(['sh', '-euc', 'tr 0 1 <"$0" >"$1"; touch -r "$0" "$1"', manifest, arrived]);
    expect(await push(first)).toMatchObject({ exitCode: 0 });
    const files = [manifest, path.join(far, 'releases', first, 'manifest.json')];
    const [here, there] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    expect(there).toBe(here);
  });

  it('refuses another release of the same name', async () => {
    await push(first);
    const manifest = path.join(near.directory, 'releases', first, 'manifest.json');
    await writeFile(manifest, `${await readFile(manifest, 'utf8')}\n`);
    expect((await push(first)).stderr).toMatch(/error\[FAR_DIFFERS\].*of the name/);
  });
});

describe('several pushes to one store', () => {
  it('each takes away only what is its own on the way', async () => {
    await push(first);
    const other = { object: '0'.repeat(64), release: second };
    await mkdir(path.join(far, 'incoming', other.release), { recursive: true });
    for (const name of [other.object, `${other.release}/manifest.json`]) {
      await writeFile(path.join(far, 'incoming', name), 'half');
    }
    expect(await push(third)).toMatchObject({ exitCode: 0 });
    for (const name of [other.object, `${other.release}/manifest.json`]) {
      expect(await readFile(path.join(far, 'incoming', name), 'utf8')).toBe('half');
    }
    expect(existsSync(path.join(far, 'incoming', third))).toBe(false);
    // The one that broke off comes back.
    expect(await push(second)).toMatchObject({ exitCode: 0 });
    await rm(path.join(far, 'incoming', other.object));
    expect(existsSync(path.join(far, 'incoming', second))).toBe(false);
  });

  it('all arrive when they run at the same time, also twice the same', async () => {
    await push(first);
    for (let round = 0; round < 3; round += 1) {
      const ended = await Promise.all(
        [second, third, third].map((id) => push(id, '--no-activate')),
      );
      expect(ended.map(({ stderr, exitCode }) => (exitCode === 0 ? 0 : stderr))).toEqual([0, 0, 0]);
      expect(existsSync(path.join(far, 'incoming'))).toBe(false);
      for (const id of [second, third]) {
        const [here, arrived] = [near.directory, far].map((store) =>
          path.join(store, 'releases', id),
        );
        await run(['diff', '-r', '--no-dereference', here ?? '', arrived ?? '']);
        await rm(arrived ?? '', { recursive: true });
      }
      await run(
        [
          'sh',
          '-euc',
          `cd objects; rm $(ls | grep -v "$(basename "$(readlink ../current/ipxe.efi)")")`,
        ],
        {
          cwd: far,
        },
      );
    }
  });
});
