/**
 * Packs once, as a process of its own, so that it can be measured like any other program. Prints what
 * of it reading back took, which other packers do not do: seconds of all processors and on the clock.
 * With `callOffAt`, a part of the whole, it calls the packing off there and prints how long that took.
 */
import { packOverlay } from '../../src/archive/pack/pack-overlay.js';
import type { PackProgress } from '../../src/archive/output/context.js';
import { packSquashfs, type PackSquashfsOptions } from '../../src/archive/pack/pack-squashfs.js';

interface Options extends PackSquashfsOptions {
  readonly callOffAt?: number;
}

interface Spent {
  readonly cpu: number;
  readonly wall: number;
}

const [kind = '', tree = '', out = '', text = '{}'] = process.argv.slice(2);
const { callOffAt = Infinity, ...options } = JSON.parse(text) as Options;
const controller = new AbortController();
let readBack: Spent | undefined;
let calledOff: Spent | undefined;

function spent(): Spent {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1e6, wall: performance.now() / 1e3 };
}

function onProgress({ phase, bytesDone, bytesTotal }: PackProgress): void {
  if (phase === 'read-back') readBack ??= spent();
  if (bytesDone < callOffAt * bytesTotal) return;
  calledOff ??= spent();
  controller.abort(new Error('called off'));
}

async function pack(): Promise<void> {
  const control = { signal: controller.signal, onProgress };
  if (kind === 'cpio') await packOverlay(tree, out, control);
  else await packSquashfs(tree, out, { ...options, ...control });
}

await pack().catch((error: unknown) => {
  if (calledOff === undefined) throw error;
});
const ended = spent();
const { cpu, wall } = readBack ?? ended;
const afterCall = calledOff === undefined ? {} : { calledOff: ended.wall - calledOff.wall };
process.stdout.write(
  JSON.stringify({ cpu: ended.cpu - cpu, wall: ended.wall - wall, ...afterCall }),
);
