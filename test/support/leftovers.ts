/** What a build could leave on this machine: processes, mounts, loop and network devices, parts of files. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
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
}

export async function before(): Promise<Before> {
  const mark = `${String(process.pid)}-${String(performance.now())}`;
  return { environment: { [MARK]: mark }, devices: new Set(await devices()) };
}

/** Loop devices in use with their files, and network devices. */
async function devices(): Promise<string[]> {
  const loops = await run(['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE']);
  const links = await run(['ip', '-oneline', 'link']);
  return [
    ...loops.stdout
      .trim()
      .split('\n')
      .filter((line) => line !== ''),
    ...links.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(': ')[1] ?? ''),
  ];
}

/** Processes that carry the mark, with their command lines. */
export async function processesOf({ environment }: Before): Promise<string[]> {
  const wanted = `${MARK}=${environment[MARK] ?? ''}`;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
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
    ];
    return left.length === 0 ? true : undefined;
  }).catch((cause: unknown) => {
    throw new Error(`left behind:\n${left.join('\n')}`, { cause });
  });
}

/** What is wrong in a store that nobody writes to; empty when it is sound. */
export async function flawsOfStore(store: string): Promise<string[]> {
  const flaws: string[] = [];
  for (const name of await readdir(path.join(store, 'objects'))) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path.join(store, 'objects', name)), hash);
    if (hash.digest('hex') !== name) flaws.push(`objects/${name} is not what its name says`);
  }
  for (const id of await readdir(path.join(store, 'releases'))) {
    const file = path.join(store, 'releases', id, 'manifest.json');
    const { artifacts } = JSON.parse(await readFile(file, 'utf8')) as {
      artifacts: { digest: string; fileName: string }[];
    };
    for (const { digest, fileName } of artifacts) {
      const target = await readlink(path.join(store, 'releases', id, fileName));
      const object = digest.replace('sha256:', '../../objects/');
      if (target !== object) flaws.push(`${id}/${fileName} leads to ${target}`);
      await readFile(path.join(store, 'releases', id, fileName));
    }
  }
  const known = ['cell', 'current', 'lock', 'logs', 'objects', 'releases'];
  for (const name of await readdir(store)) {
    if (!known.includes(name)) flaws.push(`${name} has no business in the store`);
  }
  for (const name of await readdir(path.join(store, 'cell'))) flaws.push(`cell/${name}`);
  return flaws;
}

/** Everything in a store but logs and the lock: kinds, names and where links lead. */
export async function contentOfStore(store: string): Promise<string[]> {
  const argv = ['find', '.', '-path', './logs', '-prune', '-o', '!', '-name', 'lock'];
  const { stdout } = await run([...argv, '-printf', '%y %p %l %s\n'], { cwd: store });
  // The size of a directory is the filesystem's own affair.
  return stdout
    .trim()
    .split('\n')
    .map((line) => (line.startsWith('d ') ? line.replace(/ \d+$/, '') : line))
    .sort();
}
