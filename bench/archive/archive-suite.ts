/** Archives: packing against gensquashfs, mksquashfs, cpio with gzip and pigz, and packing again. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { compiledPath } from '../../src/core/package.js';
import { onib } from '../../test/support/onib-command.js';
import { measure } from '../measure.js';
import { makeRow, type Row } from '../row.js';
import { changeOneFile, changePackages, manyFiles, unpackBase } from './tree.js';

export const archivePackages = [
  'cpio',
  'gzip',
  'pigz',
  'squashfs-tools',
  'squashfs-tools-ng',
  'time',
];

export interface SuiteOptions {
  readonly rounds: number;
  /** Called with a line for people. */
  readonly tell: (line: string) => void;
}

const BLOCK = 131_072;
const SETTINGS = [
  { compressor: 'zstd', level: 15 },
  { compressor: 'gzip', level: 9 },
  { compressor: 'xz' },
] as const;
type Setting = (typeof SETTINGS)[number];

/** Packages of every Debian base, with a few MB together; this machine's Debian has other versions. */
const UPGRADED = ['coreutils', 'bash'];
const MANY = 100_000;

/** What a program's run took, and what came of it. */
interface Sample {
  readonly cpu: number;
  readonly wall: number;
  readonly memory: number;
  readonly size: number;
  readonly output: string;
}
type Samples = ReadonlyMap<string, readonly Sample[]>;

export async function* archiveSuite(options: SuiteOptions): AsyncGenerator<Row> {
  const work = await mkdtemp(path.join(tmpdir(), 'onib-bench-archive-'));
  try {
    const tree = await unpackBase(work);
    const bench = new ArchiveBench(work, tree, options);
    for (const setting of SETTINGS) yield* bench.squashfs(setting);
    yield* bench.cpio();
    for (const setting of SETTINGS) await bench.packBefore(setting);
    await changeOneFile(tree);
    for (const setting of SETTINGS) yield* bench.repack(setting, 'one file changed');
    const packages = await changePackages(tree, work, UPGRADED);
    for (const setting of SETTINGS) yield* bench.repack(setting, `${packages} unpacked over it`);
    yield* bench.calledOff();
    yield* bench.looking();
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

class ArchiveBench {
  /** sha256 of the images that a repack copies from. */
  private readonly digests = new Map<Setting, string>();

  constructor(
    private readonly work: string,
    private readonly tree: string,
    private readonly options: SuiteOptions,
  ) {}

  /** Peers do not read back what they wrote: packing and reading back have rows of their own. */
  async *squashfs(setting: Setting): AsyncGenerator<Row> {
    const name = `squashfs ${nameOf(setting)}`;
    const samples = await this.rounds(name, {
      ours: this.packArgv(setting),
      gensquashfs: gensquashfsArgv(setting, this.tree, this.file('out')),
      mksquashfs: mksquashfsArgv(setting, this.tree, this.file('out')),
    });
    const ours = samples.get('ours') ?? [];
    const packing = ours.map(withoutReadBack);
    const peers = [...samples].filter(([program]) => program !== 'ours');
    const rest = new Map(peers);
    yield* rowsOf(`${name}, packing`, new Map([['ours', packing], ...rest]), ['cpu', 'wall']);
    yield* rowsOf(`${name}, with read-back`, samples);
    const readBack = new Map([
      ['ours', ours.map(readBackOf)],
      ['packing it', packing],
    ]);
    yield* rowsOf(`${name}, read-back alone`, readBack, ['cpu', 'wall']);
  }

  async *cpio(): AsyncGenerator<Row> {
    const pipe = (packer: string): string[] => {
      const line = `find . -print0 | LC_ALL=C sort -z | cpio --quiet -0 -o -H newc | ${packer} >"$1"`;
      return ['sh', '-euc', `cd "$0"; ${line}`, this.tree, this.file('out')];
    };
    const samples = await this.rounds('cpio', {
      ours: [...packMain, 'cpio', this.tree, this.file('out')],
      'cpio | gzip -9': pipe('gzip -9'),
      'cpio | pigz -9': pipe('pigz -9'),
    });
    yield* rowsOf('cpio.gz', samples);
  }

  /** The image that a repack copies from. */
  async packBefore(setting: Setting): Promise<void> {
    const name = `before-${setting.compressor}`;
    await measure(this.packArgv(setting, name));
    const hash = createHash('sha256').update(await readFile(this.file(name)));
    this.digests.set(setting, `sha256:${hash.digest('hex')}`);
  }

  async *repack(setting: Setting, what: string): AsyncGenerator<Row> {
    const name = `repack ${nameOf(setting)}, ${what}`;
    const file = this.file(`before-${setting.compressor}`);
    const samples = await this.rounds(name, {
      ours: this.packArgv(setting, 'out', { file, digest: this.digests.get(setting) }),
      'full pack': this.packArgv(setting),
    });
    yield* rowsOf(name, samples);
  }

  /** From the call to the end of all its work, in the middle of packing; the issue allows a second. */
  async *calledOff(): AsyncGenerator<Row> {
    for (const kind of ['squashfs', 'cpio']) {
      const pairs: [number, number][] = [];
      for (let round = 0; round < this.options.rounds; round++) {
        const settings = { compressor: 'xz', blockSize: BLOCK, callOffAt: 0.4 };
        const argv = [...packMain, kind, this.tree, this.file('out'), JSON.stringify(settings)];
        const { output } = await measure(argv);
        pairs.push([(JSON.parse(output) as { calledOff: number }).calledOff, 1]);
      }
      yield makeRow(`${kind} called off: wall`, 's', 'allowed', pairs);
    }
  }

  /** What people do with artifacts: list one, compare two. */
  async *looking(): AsyncGenerator<Row> {
    const many = this.file('many');
    await manyFiles(many, MANY);
    const [setting] = SETTINGS;
    await measure(this.packArgv(setting, 'a', undefined, many));
    await manyFiles(path.join(many, 'new'), 100);
    await measure(this.packArgv(setting, 'b', undefined, many));
    const [a, b] = [this.file('a'), this.file('b')];
    const [listing, difference] = [`ls of ${String(MANY)} files`, `diff of ${String(MANY)} files`];
    const listed = await this.rounds(listing, {
      ours: [...onib, 'ls', a],
      'unsquashfs -lls': ['unsquashfs', '-lls', a],
    });
    yield* rowsOf(listing, listed, ['cpu', 'wall', 'memory']);
    const samples = await this.rounds(difference, {
      ours: [...onib, 'diff', a, b],
      // It ends with 1 when there is a difference.
      sqfsdiff: ['sh', '-c', 'sqfsdiff -a "$0" -b "$1" >/dev/null; [ $? -le 1 ]', a, b],
    });
    yield* rowsOf(difference, samples, ['cpu', 'wall', 'memory']);
  }

  private file(name: string): string {
    return path.join(this.work, name);
  }

  private packArgv(setting: Setting, out = 'out', previous?: object, tree = this.tree): string[] {
    const options = {
      ...setting,
      blockSize: BLOCK,
      ...(previous === undefined ? {} : { previous }),
    };
    return [...packMain, 'squashfs', tree, this.file(out), JSON.stringify(options)];
  }

  /** All of them in turn, in every round; who begins changes from round to round. */
  private async rounds(
    name: string,
    commands: Readonly<Record<string, readonly string[]>>,
  ): Promise<Samples> {
    const samples = new Map<string, Sample[]>();
    const names = Object.keys(commands);
    for (let round = 0; round < this.options.rounds; round++) {
      this.options.tell(`${name}, round ${String(round + 1)} of ${String(this.options.rounds)}`);
      for (const [turn] of names.entries()) {
        const program = names[(turn + round) % names.length] ?? '';
        const cost = await measure(commands[program] ?? []);
        const size = await stat(this.file('out')).then(
          (stats) => stats.size / 1_048_576,
          () => 0,
        );
        samples.set(program, [...(samples.get(program) ?? []), { ...cost, size }]);
      }
    }
    return samples;
  }
}

const packMain = [process.execPath, compiledPath('bench/archive/pack-main.js')];

function nameOf(setting: Setting): string {
  return 'level' in setting ? `${setting.compressor}-${String(setting.level)}` : setting.compressor;
}

function gensquashfsArgv(setting: Setting, tree: string, out: string): string[] {
  const level = 'level' in setting ? ['--comp-extra', `level=${String(setting.level)}`] : [];
  const settings = ['--compressor', setting.compressor, ...level, '--block-size', String(BLOCK)];
  const what = ['--pack-dir', tree, '--keep-xattr', '--keep-time', '--force', '--quiet'];
  return ['gensquashfs', ...settings, ...what, '--num-jobs', String(availableParallelism()), out];
}

function mksquashfsArgv(setting: Setting, tree: string, out: string): string[] {
  const level = 'level' in setting ? ['-Xcompression-level', String(setting.level)] : [];
  const settings = ['-comp', setting.compressor, ...level, '-b', String(BLOCK)];
  const quiet = ['-noappend', '-no-progress', '-quiet'];
  return [
    'mksquashfs',
    tree,
    out,
    ...settings,
    ...quiet,
    '-processors',
    String(availableParallelism()),
  ];
}

/** `pack-main` prints what reading back took. */
function readBackOf(sample: Sample): Sample {
  const { cpu, wall } = JSON.parse(sample.output) as { cpu: number; wall: number };
  return { ...sample, cpu, wall };
}

function withoutReadBack(sample: Sample): Sample {
  const { cpu, wall } = readBackOf(sample);
  return { ...sample, cpu: sample.cpu - cpu, wall: sample.wall - wall };
}

const UNITS = { cpu: 's', wall: 's', memory: 'MiB', size: 'MiB' } as const;

function* rowsOf(
  name: string,
  samples: Samples,
  what: readonly (keyof typeof UNITS)[] = ['cpu', 'wall', 'memory', 'size'],
): Generator<Row> {
  const ours = samples.get('ours') ?? [];
  for (const [peerName, theirs] of samples) {
    if (peerName === 'ours') continue;
    for (const field of what) {
      const pairs = ours.map(
        (sample, round) => [sample[field], theirs[round]?.[field] ?? NaN] as const,
      );
      yield makeRow(`${name}: ${field}`, UNITS[field], peerName, pairs);
    }
  }
}
