/**
 * Builds: the default project from nothing, against scripts of the tools that onib stands on and against
 * live-build; then what a second build costs. Packages are there already unless a row says otherwise.
 */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { initProject } from '../../src/project/scaffold/scaffold.js';
import type { SuiteOptions } from '../archive/archive-suite.js';
import { makeRow, type Row } from '../row.js';
import { slowMirrorRows } from './mirror-rows.js';
import { timeBuild, timeCommand, type BuildTime } from './onib-build.js';
import { peerScripts, type PeerScripts } from './peers.js';

export const buildPackages = [
  ...['apt-cacher-ng', 'cpio', 'debootstrap', 'initramfs-tools-core', 'live-build'],
  ...['mmdebstrap', 'squashfs-tools', 'zstd'],
];

type Pair = readonly [ours: number, peer: number];

const OVERLAY_SCRIPT = 'roles/overlay/provision_example/files/example.sh';

export async function* buildSuite(options: SuiteOptions): AsyncGenerator<Row> {
  const work = await mkdtemp(path.join(tmpdir(), 'onib-bench-build-'));
  try {
    const bench = new BuildBench(work, options);
    yield* bench.cold();
    yield* bench.again();
    yield* bench.fiveOverlays();
    yield* slowMirrorRows(work, options);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

class BuildBench {
  readonly #work: string;
  readonly #options: SuiteOptions;
  readonly #project: string;

  constructor(work: string, options: SuiteOptions) {
    this.#work = work;
    this.#options = options;
    this.#project = path.join(work, 'project');
  }

  /** From nothing: no release, no lock, no snapshot. */
  async *cold(): AsyncGenerator<Row> {
    await initProject(this.#project);
    // So that packages and toolbox are there for all, and the lists of packages for the scripts.
    await this.#build('all');
    const peers = await peerScripts(this.#project, this.#work);
    const base: Pair[] = [];
    const kernel: Pair[] = [];
    const old: Pair[] = [];
    const live: Pair[] = [];
    for (let round = 1; round <= this.#options.rounds; round++) {
      this.#options.tell(`from nothing, round ${String(round)}`);
      await this.#forget();
      const ours = await this.#build('base');
      base.push([ours.seconds, (await this.#peer(peers, 'base')) + ours.ansible]);
      await this.#forget();
      const all = await this.#build('all');
      kernel.push([all.seconds, (await this.#peer(peers, 'all')) + all.ansible]);
      old.push([all.seconds, (await this.#peer(peers, 'debootstrap')) + all.ansible]);
      // Minutes of one processor: once tells enough.
      if (round === 1) live.push([all.seconds, await this.#peer(peers, 'live-build')]);
    }
    const script = 'mmdebstrap + mksquashfs + Ansible';
    yield makeRow('base from nothing', 's', script, base);
    yield makeRow('default project from nothing', 's', `${script} + mkinitramfs`, kernel);
    yield makeRow('default project from nothing', 's', 'debootstrap + the same', old);
    yield makeRow('default project from nothing', 's', 'live-build netboot', live);
  }

  /** What was built, built again. */
  async *again(): AsyncGenerator<Row> {
    const nothing: Pair[] = [];
    const script: Pair[] = [];
    const added: Pair[] = [];
    for (let round = 1; round <= this.#options.rounds; round++) {
      this.#options.tell(`second builds, round ${String(round)}`);
      const start = await timeCommand(['ansible-playbook', '--version']);
      nothing.push([(await this.#build('all')).seconds, start]);
      await appendFile(path.join(this.#project, OVERLAY_SCRIPT), `# round ${String(round)}\n`);
      const changed = await this.#build('all');
      script.push([changed.seconds, changed.ansible + 1]);
      await this.#addPackage(['tree', 'jq', 'pv', 'lsof', 'strace'][round - 1] ?? 'hello');
      const more = await this.#build('all');
      added.push([more.seconds, more.ansible + 1]);
    }
    yield makeRow('nothing to build', 's', 'ansible-playbook --version', nothing);
    yield makeRow('one line of an overlay’s script', 's', 'its Ansible time + 1 s', script);
    yield makeRow('one package more in an overlay', 's', 'its Ansible time + 1 s', added);
  }

  /** A base whose provisioner changed, with five overlays over it: side by side, and one after the other. */
  async *fiveOverlays(): AsyncGenerator<Row> {
    const vars = await readFile(path.join(this.#project, 'vars/example.yml'), 'utf8');
    for (const name of ['two', 'three', 'four', 'five']) {
      await writeFile(path.join(this.#project, `vars/${name}.yml`), vars);
    }
    await this.#build('all');
    const pairs: Pair[] = [];
    for (let round = 1; round <= this.#options.rounds; round++) {
      this.#options.tell(`five overlays, round ${String(round)}`);
      const times: number[] = [];
      for (const jobs of [[], ['--jobs', '1']]) {
        const line = `base_masked_units: [tmp.mount, round-${String(round)}-${String(jobs.length)}.service]\n`;
        await writeFile(path.join(this.#project, 'vars/base.yml'), await this.#baseVars(line));
        times.push((await this.#build('all', ...jobs)).seconds);
      }
      pairs.push(times as unknown as Pair);
    }
    yield makeRow('base change with five overlays', 's', 'onib --jobs 1', pairs);
  }

  async #baseVars(line: string): Promise<string> {
    const text = await readFile(path.join(this.#project, 'vars/base.yml'), 'utf8');
    return `${text.replace(/^base_masked_units:.*\n/m, '')}${line}`;
  }

  async #addPackage(name: string): Promise<void> {
    const file = path.join(this.#project, 'vars/example.yml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('example_packages:\n', `example_packages:\n  - ${name}\n`));
  }

  /** Release, lock and logs go; snapshots are not used by a build that has no lock and did not fail. */
  async #forget(): Promise<void> {
    await rm(path.join(this.#project, 'builds'), { recursive: true, force: true });
    await rm(path.join(this.#project, 'onib.lock'), { force: true });
  }

  async #build(...words: readonly string[]): Promise<BuildTime> {
    return await timeBuild(this.#project, words);
  }

  async #peer(peers: PeerScripts, name: keyof PeerScripts): Promise<number> {
    this.#options.tell(`  ${name}`);
    return await timeCommand([
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      peers[name],
    ]);
  }
}
