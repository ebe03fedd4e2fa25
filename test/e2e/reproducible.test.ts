/**
 * Two builds of the same inputs give the same bytes, though all that surrounds them differs. Programs
 * inside a tree do not see the other day (the library that fakes it is not in there), so what they could
 * write down of the real one is searched for.
 */
import { copyFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayName } from '../../src/core/byte-string.js';
import { archiveFormat, withContents } from '../../src/archive/contents/with-contents.js';
import { diffContents } from '../../src/archive/contents/diff.js';
import { packageRoot } from '../../src/core/package.js';
import type { Artifact } from '../../src/contract/release-manifest.js';
import { Store } from '../../src/store/store.js';
import { onib } from '../support/onib-command.js';

/** Words before a command, which then runs on what looks like another machine on another day. */
const ELSEWHERE = [
  ...['unshare', '--uts', 'sh', '-c', 'umask 077 && hostname onib-builder-77 && exec "$@"', 'sh'],
  ...['env', 'TZ=Asia/Kathmandu', 'LANG=de_DE.UTF-8', 'LC_ALL=tr_TR.UTF-8', 'LANGUAGE=de:fr'],
  // A day later packages lists are still valid.
  ...['UV_THREADPOOL_SIZE=2', 'taskset', '--cpu-list', '0', 'faketime', '-f', '+1d'],
];

const OVERLAY_WITH_PACKAGES = `---
- name: tools
  ansible.builtin.apt: { name: [lldpd, hdparm], install_recommends: false }
- name: an account
  ansible.builtin.user: { name: operator2, system: true, password: "*" }
- name: a file
  ansible.builtin.copy: { dest: /etc/motd, content: "from an overlay\\n" }
- name: no file
  ansible.builtin.file: { path: /etc/debian_version, state: absent }
`;

interface Build {
  readonly directory: string;
  readonly artifacts: readonly Artifact[];
  /** Absolute path. */
  readonly file: (artifact: Artifact) => string;
}

let scratch: string;
let here: Build;
let elsewhere: Build;
let started: number;
let ended: number;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'onib-reproducible-'));
  started = Date.now();
  here = await buildIn(path.join(scratch, 'here'), []);
  ended = Date.now();
  elsewhere = await buildIn(path.join(scratch, 'a directory', 'far', 'from', 'it'), ELSEWHERE);
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** A new project's base, kernel set and overlay, and another overlay that has packages. */
async function buildIn(directory: string, before: readonly string[]): Promise<Build> {
  const run = async (...words: readonly string[]): Promise<void> => {
    const [program = '', ...args] = [...before, ...onib, ...words];
    await execa(program, args, { stdin: 'ignore' });
  };
  await mkdir(directory, { recursive: true });
  await run('init', directory);
  await run('-C', directory, 'new', 'overlay', 'packages');
  const role = path.join(directory, 'roles/overlay/provision_packages');
  await writeFile(path.join(role, 'tasks/main.yml'), OVERLAY_WITH_PACKAGES);
  if (before.length > 0) {
    // A mirror moves on: which packages go in is one of the inputs.
    await copyFile(path.join(here.directory, 'onib.lock'), path.join(directory, 'onib.lock'));
    await touchAll(directory);
  }
  // Not from snapshots of the other build.
  await run('-C', directory, 'build', 'all', '--force');
  const store = new Store(path.join(directory, 'builds'));
  const artifacts = (await store.current())?.artifacts ?? [];
  return { directory, artifacts, file: ({ digest }) => store.objectPath(digest) };
}

async function touchAll(directory: string): Promise<void> {
  for (const name of await readdir(directory, { recursive: true })) {
    await utimes(path.join(directory, name), 1e9, 1e9);
  }
}

/** `etc/shadow: content, time`; names of the first ones. */
async function differences(one: Artifact, other: Artifact): Promise<string[]> {
  const [a, b] = [here.file(one), elsewhere.file(other)];
  if ((await archiveFormat(a)) === undefined) return ['(not a tree)'];
  return await withContents(a, (before) =>
    withContents(b, async (after) =>
      (await diffContents(before, after)).map((change) => {
        const what = change.change === 'changed' ? change.differs.join(', ') : change.change;
        return `${displayName(change.path)}: ${what}`;
      }),
    ),
  );
}

describe('two builds of the same inputs', () => {
  it('give the same artifacts', async () => {
    const kinds = new Set(here.artifacts.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['base', 'initrd', 'kernel', 'loader', 'modules', 'overlay']);
    const names = here.artifacts.map(({ fileName }) => fileName);
    expect(elsewhere.artifacts.map(({ fileName }) => fileName)).toEqual(names);
    expect(names.filter((name) => name.includes('.overlay.'))).toHaveLength(2);
    for (const [index, one] of here.artifacts.entries()) {
      const other = elsewhere.artifacts[index];
      if (other === undefined || one.digest === other.digest) continue;
      expect((await differences(one, other)).slice(0, 40), one.fileName).toEqual([]);
      expect(other.digest, `${one.fileName}: equal files, packed differently`).toBe(one.digest);
    }
    for (const [index, { inputDigest }] of here.artifacts.entries()) {
      expect(elsewhere.artifacts[index]?.inputDigest).toBe(inputDigest);
    }
  });

  it('hold nothing that tells when and where they were made', async () => {
    const day = new Date(started).toISOString().slice(0, 10);
    const traces = [
      day,
      day.replaceAll('-', ''),
      'onib-builder-77',
      scratch,
      packageRoot,
      '/run/onib/python',
    ];
    const found: string[] = [];
    for (const build of [here, elsewhere]) {
      for (const artifact of build.artifacts) {
        if ((await archiveFormat(build.file(artifact))) === undefined) continue;
        await withContents(build.file(artifact), async (contents) => {
          for (const { path: name, mtime } of contents.entries.values()) {
            if (mtime * 1000 >= started)
              found.push(`${artifact.fileName}: time of ${displayName(name)}`);
          }
          for await (const { path: name, bytes } of contents.files(() => true)) {
            const pieces: Buffer[] = [];
            for await (const piece of bytes) pieces.push(Buffer.from(piece));
            const text = Buffer.concat(pieces).toString('latin1');
            const trace = traces.find((one) => text.includes(one)) ?? secondsIn(text);
            if (trace !== undefined)
              found.push(`${artifact.fileName}: ${trace} in ${displayName(name)}`);
          }
        });
      }
    }
    expect(found).toEqual([]);
  });
});

/** A time during the first build, in seconds since 1970. */
function secondsIn(text: string): string | undefined {
  for (const [number] of text.matchAll(/\b1[5-9]\d{8}\b/g)) {
    if (Number(number) * 1000 >= started && Number(number) * 1000 <= ended) return number;
  }
  return undefined;
}
