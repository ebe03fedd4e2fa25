/**
 * `npm run fuzz -- [--seconds N] [--seed N]`: reads damaged archives of every kind. A file whose reading
 * goes wrong is kept in test/fixtures/hostile/, where a unit test reads it ever after. When a native library
 * brings the process down, the file that did it is the one in the directory that was printed first.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { packOverlay } from '../../src/archive/pack/pack-overlay.js';
import { packSquashfs } from '../../src/archive/pack/pack-squashfs.js';
import { run } from '../../src/host/run.js';
import { packagePath } from '../../src/core/package.js';
import { readHostile } from '../support/hostile.js';
import { seededRandom } from '../support/random.js';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
});
if (values.seed !== undefined) process.env.ONIB_TEST_SEED = values.seed;

/** Longer than any of these small files needs, on any machine. */
const HANG_SECONDS = 30;

const TREE = `mkdir -p deep/er many; echo text >deep/er/text; ln deep/er/text linked; ln -s deep way
  seq 1 9000 >numbers; cp numbers deep/same; truncate -s 20000 hole; mkfifo pipe; mknod null c 1 3
  for n in $(seq 1 300); do echo $n >many/file-$n; done
  setfattr -n user.long -v "$(seq 1 200)" numbers; setfattr -n user.long -v "$(seq 1 200)" deep`;

/** Small archives of one tree: every compressor, and tables that span several blocks. */
async function makeSeeds(work: string): Promise<Buffer[]> {
  const tree = path.join(work, 'tree');
  await mkdir(tree);
  await run(['sh', '-euc', TREE], { cwd: tree });
  const file = path.join(work, 'seed');
  const seeds: Buffer[] = [];
  for (const compressor of ['gzip', 'xz', 'zstd', 'lz4'] as const) {
    await packSquashfs(tree, file, { compressor, blockSize: 4096 });
    seeds.push(await readFile(file));
  }
  for (const compressor of ['gzip', 'zstd'] as const) {
    await packOverlay(tree, file, { compressor });
    seeds.push(await readFile(file));
  }
  await run(['sh', '-euc', 'gzip -dc seed >plain || zstd -dcqf seed >plain'], { cwd: work });
  seeds.push(await readFile(path.join(work, 'plain')));
  return seeds;
}

/** Some bytes changed, most often where the tables are; now and then cut, doubled or moved about. */
function damage(seed: Buffer, random: () => number): Buffer {
  const below = (most: number): number => Math.floor(random() * most);
  const bytes = Buffer.from(seed);
  const places = [96, bytes.length, 6000];
  for (let left = below(6); left >= 0; left--) {
    const width = places[below(places.length)] ?? 1;
    const at = random() < 0.5 ? below(width) : bytes.length - 1 - below(width);
    const special = [0, 1, 0x7f, 0x80, 0xff, below(256)];
    const from = Math.max(at, 0);
    bytes.subarray(from, from + 1 + below(3)).fill(special[below(special.length)] ?? 0);
  }
  if (random() < 0.1) return bytes.subarray(0, below(bytes.length));
  if (random() < 0.1) bytes.copy(bytes, below(bytes.length), below(bytes.length));
  return random() < 0.05 ? Buffer.concat([bytes, bytes]) : bytes;
}

async function withLimit(file: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve('reading does not end');
    }, HANG_SECONDS * 1000);
  });
  try {
    return await Promise.race([readHostile(file), hangs]);
  } finally {
    clearTimeout(timer);
  }
}

async function fuzz(work: string): Promise<number> {
  const seeds = await makeSeeds(work);
  const random = seededRandom();
  const file = path.join(work, 'damaged');
  const end = performance.now() + Number(values.seconds) * 1000;
  let found = 0;
  let read = 0;
  for (; performance.now() < end; read++) {
    const bytes = damage(seeds[read % seeds.length] ?? Buffer.alloc(0), random);
    await writeFile(file, bytes);
    const wrong = await withLimit(file);
    if (wrong === 'whole' || wrong === 'refused') continue;
    found++;
    const kind = bytes.toString('latin1', 0, 4) === 'hsqs' ? 'squashfs' : 'cpio';
    const name = `${kind}-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
    await writeFile(packagePath(`test/fixtures/hostile/${name}`), bytes);
    console.log(`${name}: ${wrong}`);
  }
  console.log(`${String(read)} damaged archives were read, ${String(found)} of them wrongly`);
  return found;
}

const work = await mkdtemp(path.join(tmpdir(), 'onib-fuzz-'));
console.log(work);
process.exitCode = (await fuzz(work)) === 0 ? 0 : 1;
await rm(work, { recursive: true });
