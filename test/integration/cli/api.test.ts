/** A program of its own that imports `onib`: the examples of docs/api.md, as they stand there but for paths. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagePath } from '../../../src/core/package.js';
import { run } from '../../../src/host/run.js';
import { BootNetwork, BRIDGE, signalInside } from '../../support/boot-network.js';
import { TinyProject } from '../../support/tiny-project.js';
import { until } from '../../support/wait.js';

let project: TinyProject;
let examples: string[];

beforeAll(async () => {
  project = await TinyProject.create();
  await mkdir(path.join(project.directory, 'node_modules'));
  await symlink(packagePath(), path.join(project.directory, 'node_modules/onib'));
  await project.write('package.json', '{ "type": "module" }\n');
  const text = await readFile(packagePath('docs/api.md'), 'utf8');
  examples = [...text.matchAll(/```js\n([^]*?)```/g)].map(([, code = '']) =>
    code.replaceAll('/srv/images', project.directory).replace("'eth1'", `'${BRIDGE}'`),
  );
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function writeExample(index: number): Promise<string> {
  const file = path.join(project.directory, `example-${String(index)}.mjs`);
  await writeFile(file, examples[index] ?? '');
  return file;
}

describe("import … from 'onib'", () => {
  it('has types that fit the examples', async () => {
    expect(examples).toHaveLength(3);
    const files = await Promise.all([...examples.keys()].map(writeExample));
    const settings = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck'];
    const types = ['--types', 'node', '--typeRoots', packagePath('node_modules/@types')];
    const { stdout } = await run(
      [
        ...[process.execPath, packagePath('node_modules/typescript/bin/tsc'), '--noEmit'],
        ...['--allowJs', '--checkJs', ...settings, ...types, ...files],
      ],
      { check: false, cwd: project.directory },
    );
    expect(stdout).toBe('');
  });

  it('buildProject() builds what the example wants', async () => {
    const { stdout } = await run([process.execPath, await writeExample(0)]);
    expect(stdout).toMatch(/^base tiny: bootstrap trixie/m);
    expect(stdout).toMatch(/^1 files built, release \d{8}T\d{6}Z-[0-9a-f]{4}$/m);
  });

  it('withContents() lists large files of the base that was built', async () => {
    const { stdout } = await run([process.execPath, await writeExample(1)]);
    expect(stdout).toMatch(/^usr\/bin\/bash \d{7}$/m);
  });

  it('startBootServer() serves the store until it is told to end', async () => {
    await using network = await BootNetwork.create();
    const lines: string[] = [];
    const server = network.start(undefined, [process.execPath, await writeExample(2)], {
      check: false,
      onLine: (line) => lines.push(line),
    });
    const ready = await until('the server', () => lines.find((line) => line.includes('serving')));
    expect(ready).toBe('serving at http://192.168.77.1:8080');
    const answer = await network.run(undefined, [
      'curl',
      '-sf',
      'http://192.168.77.1:8080/healthz',
    ]);
    expect(answer.exitCode).toBe(0);
    await signalInside(server, 'SIGTERM');
    expect((await server.result).exitCode).toBe(0);
  });
});
