/** `npm run bench -- [suite…] [--json] [--rounds N]`: how onib compares with the tools of its field. */
import { parseArgs } from 'node:util';
import { formatError } from '../src/cli/show/errors.js';
import { formatTable } from '../src/cli/show/format.js';
import { run } from '../src/host/run.js';
import { archivePackages, archiveSuite, type SuiteOptions } from './archive/archive-suite.js';
import { buildPackages, buildSuite } from './build/build-suite.js';
import type { Row } from './row.js';
import { servePackages, serveSuite } from './serve/serve-suite.js';

interface Suite {
  /** Debian packages of the peers. */
  readonly packages: readonly string[];
  readonly run: (options: SuiteOptions) => AsyncGenerator<Row>;
}

const suites: Readonly<Record<string, Suite>> = {
  archive: { packages: archivePackages, run: archiveSuite },
  build: { packages: buildPackages, run: buildSuite },
  serve: { packages: servePackages, run: serveSuite },
};

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '3' } },
  allowPositionals: true,
});

async function installPeers(packages: readonly string[]): Promise<void> {
  const query = ['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', ...packages];
  const { stdout } = await run(query, { check: false });
  const missing = packages.filter((name) => !stdout.includes(`${name} installed\n`));
  if (missing.length === 0) return;
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing];
  await run(install, { env: { DEBIAN_FRONTEND: 'noninteractive' } });
}

function rowCells({ name, ours, peer, peerName, unit, ratio, spread, rounds }: Row): string[] {
  const number = (value: number): string => value.toPrecision(3);
  const range = `${number(spread[0])} to ${number(spread[1])} in ${String(rounds)}`;
  return [
    name,
    `${number(ours)} ${unit}`,
    `${number(peer)} ${unit}`,
    peerName,
    number(ratio),
    range,
  ];
}

async function bench(): Promise<void> {
  const names = positionals.length === 0 ? Object.keys(suites) : positionals;
  const rows: Row[] = [];
  for (const name of names) {
    const suite = suites[name];
    if (suite === undefined) {
      throw new Error(`there is no suite "${name}": ${Object.keys(suites).join(', ')}`);
    }
    await installPeers(suite.packages);
    const tell = (line: string): void => void process.stderr.write(`${line}\n`);
    for await (const row of suite.run({ rounds: Number(values.rounds), tell })) rows.push(row);
  }
  const heading = ['measured', 'ours', 'peer', '', 'ratio', 'spread'];
  const text =
    values.json === true
      ? JSON.stringify({ schema: 'onib.bench/1', rows })
      : formatTable([heading, ...rows.map(rowCells)]).join('\n');
  process.stdout.write(`${text}\n`);
}

try {
  await bench();
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
