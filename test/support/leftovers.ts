/** What a build could leave on this machine: processes, mounts, loop and network devices, parts of files. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../../src/host/run.js';
import { until } from './wait.js';

/** Stands in the environment of a build and of everything that it starts. */
const MARK = 'ONIB_TEST_MARK';

/** This machine before a build, and what marks the build's processes. */
export interface Before {
  readonly environment: Readonly<Record<string, string>>;
  readonly devices: ReadonlySet<string>;
  /** Temporary files of the programs that a build runs. */
  readonly temporary: ReadonlySet<string>;
}

export async function before(): Promise<Before> {
  const mark = `${String(process.pid)}-${String(performance.now())}`;
  return {
    environment: { [MARK]: mark },
    devices: new Set(await devices()),
    temporary: new Set(await temporaryFiles()),
  };
}

async function temporaryFiles(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) =>
    /^(?:mmdebstrap|debootstrap|apt|ansible)/.test(name),
  );
}

/** Network devices, and loop devices that have a file but are mounted nowhere. */
async function devices(): Promise<string[]> {
  const loops = await run(['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE']);
  const links = await run(['ip', '-oneline', 'link']);
  const mounted = await mountedLoops();
  return [
    ...linesOf(loops.stdout).filter((line) => !mounted.has(line.split(' ')[0] ?? '')),
    ...linesOf(links.stdout).map((line) => line.split(': ')[1] ?? ''),
  ];
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** Loop devices that are mounted in any namespace: those of other builds. One of ours would have a process of ours. */
async function mountedLoops(): Promise<Set<string>> {
  const found = new Set<string>();
  const seen = new Set<string>();
  for (const pid of await pids()) {
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => '');
    if (seen.has(namespace)) continue;
    seen.add(namespace);
    const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    for (const [loop] of mounts.matchAll(/\/dev\/loop\d+/g)) found.add(loop);
  }
  return found;
}

async function pids(): Promise<string[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
}

/** Processes that carry the mark, with their command lines. */
export async function processesOf({ environment }: Before): Promise<string[]> {
  const wanted = `${MARK}=${environment[MARK] ?? ''}`;
  const found = await Promise.all(
    (await pids()).map(async (pid) => {
      // One that ended while it was looked at has neither file.
      const own = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (!own.split('\0').includes(wanted)) return [];
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return [`${pid} ${command.replaceAll('\0', ' ')}`];
    }),
  );
  return found.flat();
}

/**
 * Waits until nothing of a build is left, and tells what is when that does not come true. The
 * kernel needs a moment for namespaces and loop devices; builds of others come and go meanwhile.
 *
 * @param directory The project's: no filesystem may be mounted in it.
 */
export async function nothingLeft(from: Before, directory: string): Promise<void> {
  let left: string[] = [];
  await until('a machine without leftovers', async () => {
    const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n');
    left = [
      ...(await processesOf(from)),
      ...mounts.filter((line) => line.includes(directory)),
      ...(await devices()).filter((device) => !from.devices.has(device)),
      ...(await temporaryFiles()).filter((name) => !from.temporary.has(name)),
    ];
    return left.length === 0 ? true : undefined;
  }).catch((cause: unknown) => {
    throw new Error(`left behind:\n${left.join('\n')}`, { cause });
  });
}

/** Of a directory that may not be there: a build can be killed before it made it. */
async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
}

/** What is wrong in a store that nobody writes to; empty when it is sound. */
export async function flawsOfStore(store: string): Promise<string[]> {
  const flaws: string[] = [];
  for (const name of await namesIn(path.join(store, 'objects'))) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path.join(store, 'objects', name)), hash);
    if (hash.digest('hex') !== name) flaws.push(`objects/${name} is not what its name says`);
  }
  for (const id of await namesIn(path.join(store, 'releases'))) {
    if (id.startsWith('.')) flaws.push(`releases/${id}`);
    else flaws.push(...(await flawsOfRelease(path.join(store, 'releases', id))));
  }
  const known = [
    ...['cell', 'current', 'lock', 'logs', 'objects', 'releases'],
    ...['inputs', 'pins', 'served', 'held', 'unreleased.json', 'sizes.json', 'rolled-back.json'],
    'switch.lock',
  ];
  for (const name of await namesIn(store)) if (!known.includes(name)) flaws.push(name);
  for (const name of await namesIn(path.join(store, 'cell'))) flaws.push(`cell/${name}`);
  return flaws;
}

async function flawsOfRelease(directory: string): Promise<string[]> {
  const flaws: string[] = [];
  const manifest = await readFile(path.join(directory, 'manifest.json'), 'utf8');
  const { artifacts } = JSON.parse(manifest) as {
    artifacts: { digest: string; fileName: string; size: number }[];
  };
  for (const { digest, fileName, size } of artifacts) {
    const link = path.join(directory, fileName);
    const target = await readlink(link);
    if (target !== digest.replace('sha256:', '../../objects/')) flaws.push(`${link} -> ${target}`);
    if ((await stat(link)).size !== size) flaws.push(`${link} has another size`);
  }
  return flaws;
}

/** Every file and link in a store but logs and locks: kind, name, where it leads, size. */
export async function contentOfStore(store: string): Promise<string[]> {
  const argv = ['find', store, '-name', 'logs', '-prune', '-o', '!', '-name', '*lock'];
  // Nothing where there is no store yet; empty directories are none either.
  const files = [...argv, '!', '-type', 'd', '-printf', '%y %P %l %s\n'];
  const { stdout } = await run(files, { check: false });
  return stdout.trim().split('\n').sort();
}
