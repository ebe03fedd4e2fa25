/** Every command by a user to whom neither the project nor its store belongs: it works, or says what it needs and how. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';
import { initProject } from '../../../src/project/scaffold/scaffold.js';
import { keepInputTexts } from '../../../src/store/input-texts.js';
import { Store } from '../../../src/store/store.js';
import { run } from '../../../src/host/run.js';
import { runOnib } from '../../support/onib-command.js';
import { digestOf, StoreFixture, standardArtifacts } from '../../support/store-fixture.js';
import { captureContext } from '../../unit/cli/support/capture.js';

const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];

let work: string;
let project: string;
let fixture: StoreFixture;

/** Two builds of the base from a role file whose texts are kept. */
async function addReleases(): Promise<void> {
  const store = new Store(fixture.directory);
  await mkdir(path.join(fixture.directory, 'logs'), { recursive: true });
  for (const [hour, text] of ['one\n', 'two\n'].entries()) {
    const id = `20261120T1${String(hour)}0501Z-3f9c`;
    const artifacts = standardArtifacts.map((one) =>
      one.kind === 'base' ? { ...one, content: text } : one,
    );
    const manifest = await fixture.addRelease({ id, artifacts, profiles: [{}] });
    const inputs = { 'role roles/basefs/x/tasks/main.yml': digestOf(text) };
    const withInputs = manifest.artifacts.map((one) => ({ ...one, inputs }));
    await writeFile(
      path.join(fixture.directory, 'releases', id, 'manifest.json'),
      JSON.stringify({ ...manifest, artifacts: withInputs }),
    );
    await keepInputTexts(store, inputs, new Map([[digestOf(text), Buffer.from(text)]]));
    await fixture.switchTo(id);
  }
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-other-'));
  await chmod(work, 0o755);
  project = path.join(work, 'images');
  await initProject(project);
  fixture = await StoreFixture.create();
  await addReleases();
  const settings = path.join(project, 'group_vars/on_imagebuild');
  const text = await readFile(settings, 'utf8');
  await writeFile(settings, `${text}\nbuild_artifact_path: ${fixture.directory}\n`);
});

afterAll(async () => {
  await rm(work, { recursive: true });
  await fixture.remove();
});

const commands = [
  ...['init', 'init other', 'new overlay other', 'plan', 'plan --refresh', 'build all', 'status'],
  ...[
    'why base',
    'releases',
    'rollback',
    'activate 20261120T100501Z-3f9c',
    'pin',
    'unpin',
    'gc',
    'gc --dry-run',
    'ls current',
  ],
  ...['ls base', 'cat base etc/motd', 'extract base out', 'diff current current', 'verify'],
  ...['verify --rebuild', 'doctor', 'serve --interface lo', 'boot', 'push other-store'],
  ...['rollback 20261120T100501Z-3f9c'],
];

/** Codes of a fault that is none of rights. */
const others = new Set([
  ...[
    'PROJECT_EXISTS',
    'OBJECT_DAMAGED',
    'ARCHIVE_UNKNOWN',
    'FIRMWARE_MISSING',
    'MIRROR_UNREACHABLE',
  ],
]);

describe.each([
  ['that everybody may read', 0o755],
  ["that is its owner's alone", 0o700],
])('a store of root %s', (_, mode) => {
  it.each(commands)('onib %s by another user', async (command) => {
    await chmod(fixture.directory, mode);
    const { stdout, stderr, exitCode } = await runOnib(project, command.split(' '), {
      wrapper: nobody,
      env: { HOME: '/nonexistent' },
      cwd: project,
    });
    expect(stdout + stderr).not.toMatch(/\[BUG\]|\[E[A-Z]+\]|^ +at .*\.js:\d/m);
    if (exitCode === 0 || command === 'doctor') return;
    const problems = [...stderr.matchAll(/^(?:error|warning)\[([A-Z_]+)\]: (?:.*\n)(?: .*\n)*/gm)];
    expect(problems.length, stderr).toBeGreaterThan(0);
    for (const [whole, code = ''] of problems) {
      if (others.has(code)) continue;
      expect(whole).toMatch(/\n +hint: sudo /);
      expect(exitCode, whole).toBe(3);
    }
  });
});

describe('a store of another user', () => {
  it('onib gc leaves of the cache what is of root alone', async () => {
    await mkdir('/var/cache/onib/snapshots', { recursive: true, mode: 0o700 });
    const own = await StoreFixture.create();
    try {
      await own.addRelease({ profiles: [{}] });
      await own.switchTo('20261120T140501Z-3f9c');
      await run(['chown', '-R', '65534:65534', own.directory]);
      const ran = await runOnib(work, ['gc', '--store', own.directory], {
        wrapper: nobody,
        env: { HOME: '/nonexistent' },
        cwd: work,
      });
      expect(ran.stderr).toBe('');
      expect(ran.exitCode).toBe(0);
    } finally {
      await own.remove();
    }
  });
});

describe('the list of commands above', () => {
  it('has every command', async () => {
    const program = await createProgram(captureContext().context);
    const tried = new Set(commands.map((command) => command.split(' ')[0]));
    for (const { name } of program.commands.map((one) => ({ name: one.name() }))) {
      expect([...tried]).toContain(name);
    }
  });
});
