/** Archives: packing against gensquashfs, mksquashfs, cpio with gzip and pigz, and packing again. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { compiledPath } from '../../src/package.js';
import { measure, type Cost } from '../measure.js';
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

/** Packages of every Debian base, with a few MB together. */
const UPGRADED = ['coreutils', 'bash'];
const MANY = 100_000;

interface Sample extends Cost {
  readonly size: number;
}

export async function* archiveSuite(options: SuiteOptions): AsyncGenerator<Row> {
  const work = await mkdtemp(path.join(tmpdir(), 'onib-bench-archive-'));
  try {
    const { image, tree } = await unpackBase(work);
    const bench = new ArchiveBench(work, tree, options);
    for (const setting of SETTINGS) yield* bench.squashfs(setting);
    yield* bench.cpio();
    yield* bench.readBack();
    for (const setting of SETTINGS) await bench.packBefore(setting);
    await changeOneFile(tree);
    for (const setting of SETTINGS) yield* bench.repack(setting, 'one file changed');
    await changePackages(tree, image, UPGRADED);
    const all = `all files of ${UPGRADED.join(' and ')} changed`;
    for (const setting of SETTINGS) yield* bench.repack(setting, all);
    yield* bench.looking();
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

class ArchiveBench {
  constructor(
    private readonly work: string,
    private readonly tree: string,
    private readonly options: SuiteOptions,
  ) {}

  async *squashfs(setting: Setting): AsyncGenerator<Row> {
    const name = `squashfs ${nameOf(setting)}`;
    const samples = await this.rounds(name, {
      ours: this.packArgv(setting),
      gensquashfs: gensquashfsArgv(setting, this.tree, this.file('out')),
      mksquashfs: mksquashfsArgv(setting, this.tree, this.file('out')),
    });
    yield* rowsOf(name, samples);
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

  /** Reading all of an image, as packing does at its end, against the packing itself. */
  async *readBack(): AsyncGenerator<Row> {
    const [setting] = SETTINGS;
    await measure(this.packArgv(setting, 'whole'));
    const samples = await this.rounds('read back', {
      ours: [process.execPath, compiledPath('src/cli/main.js'), 'verify', this.file('whole')],
      'packing it': this.packArgv(setting),
    });
    yield* rowsOf(`reading back squashfs ${nameOf(setting)}`, samples, ['cpu', 'wall']);
  }

  /** The image that a repack copies from. */
  async packBefore(setting: Setting): Promise<void> {
    await measure(this.packArgv(setting, `before-${setting.compressor}`));
  }

  async *repack(setting: Setting, what: string): AsyncGenerator<Row> {
    const name = `repack ${nameOf(setting)}, ${what}`;
    const previous = this.file(`before-${setting.compressor}`);
    const samples = await this.rounds(name, {
      ours: this.packArgv(setting, 'out', previous),
      'full pack': this.packArgv(setting),
    });
    yield* rowsOf(name, samples, ['cpu', 'wall', 'size']);
  }

  async *looking(): AsyncGenerator<Row> {
    const name = `diff of ${String(MANY)} files`;
    const many = this.file('many');
    await manyFiles(many, MANY);
    const setting = SETTINGS[0];
    await measure(this.packArgv({ ...setting, level: 15 }, 'a', undefined, many));
    await manyFiles(path.join(many, 'new'), 100);
    await measure(this.packArgv({ ...setting, level: 15 }, 'b', undefined, many));
    const [a, b] = [this.file('a'), this.file('b')];
    const samples = await this.rounds(name, {
      ours: [process.execPath, compiledPath('src/cli/main.js'), 'diff', a, b],
      // It ends with 1 when there is a difference.
      sqfsdiff: ['sh', '-c', 'sqfsdiff -a "$0" -b "$1" >/dev/null; [ $? -le 1 ]', a, b],
    });
    yield* rowsOf(name, samples, ['cpu', 'wall', 'memory']);
  }

  private file(name: string): string {
    return path.join(this.work, name);
  }

  private packArgv(setting: Setting, out = 'out', previous?: string, tree = this.tree): string[] {
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
  ): Promise<ReadonlyMap<string, readonly Sample[]>> {
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

const UNITS = { cpu: 's', wall: 's', memory: 'MiB', size: 'MiB' } as const;

function* rowsOf(
  name: string,
  samples: ReadonlyMap<string, readonly Sample[]>,
  what: readonly (keyof Sample)[] = ['cpu', 'wall', 'memory', 'size'],
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
