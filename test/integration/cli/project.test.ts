/** Commands on a project of their own, as a new user types them, with the real Ansible reading it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { EXIT, type ExitCode } from '../../../src/core/errors.js';
import { packagePath } from '../../../src/core/package.js';
import { captureStreams } from '../../unit/cli/support/capture.js';
import { differencesOfShape, examplesIn } from './support/shape.js';

interface Ran {
  readonly exitCode: ExitCode;
  readonly out: string;
  readonly err: string;
}

async function onib(...argv: string[]): Promise<Ran> {
  const captured = captureStreams();
  const exitCode = await main(argv, captured.streams);
  return { exitCode, out: captured.out(), err: captured.err() };
}

let parent: string;
let project: string;

beforeAll(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'onib-cli-'));
  project = path.join(parent, 'images');
});

afterAll(async () => {
  await rm(parent, { recursive: true });
});

/** Examples of docs/json.md by schema; event schemas have several. */
const documented = examplesIn(await readFile(packagePath('docs/json.md'), 'utf8'));

function expectDocumented(line: string): void {
  const actual = JSON.parse(line) as { schema: string };
  const example = documented.find(({ schema }) => schema === actual.schema);
  expect(example, `docs/json.md has no ${actual.schema}`).toBeDefined();
  expect(differencesOfShape(example, actual)).toEqual([]);
}

describe('onib, as a new user tries it', () => {
  it('init writes a project', async () => {
    const { exitCode, out } = await onib('init', project, '--json');
    expect(exitCode).toBe(EXIT.done);
    expectDocumented(out);
    expect(await readFile(path.join(project, 'group_vars/on_imagebuild'), 'utf8')).toContain(
      'suite:',
    );
  });

  it('init refuses a directory that is a project already', async () => {
    const { exitCode, err } = await onib('init', project);
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain('error[PROJECT_EXISTS]');
  });

  it('new overlay adds a role and a vars file', async () => {
    const { exitCode, out } = await onib('new', 'overlay', 'hello', '-C', project, '--json');
    expect(exitCode).toBe(EXIT.done);
    expectDocumented(out);
    expect(await readFile(path.join(project, 'vars/hello.yml'), 'utf8')).toContain(
      'provisioner: roles/overlay/provision_hello',
    );
  });

  it('plan names the overlay and the base that it needs, in that order', async () => {
    const { exitCode, out } = await onib('plan', 'overlay', 'vars/hello.yml', '-C', project);
    expect(exitCode).toBe(EXIT.done);
    expect(out.indexOf('base')).toBeLessThan(out.indexOf('overlay hello'));
    expect(out.indexOf('base')).toBeGreaterThanOrEqual(0);
  });

  it('plan takes a path relative to the working directory, and a bare name', async () => {
    const absolute = await onib('plan', path.join(project, 'vars/hello.yml'), '-C', project);
    const bare = await onib('plan', 'hello', '-C', path.join(project, 'vars'));
    expect(absolute).toEqual(bare);
    expect(bare.out).toContain('overlay hello');
  });

  it('plan and status write documented JSON', async () => {
    for (const command of ['plan', 'status']) {
      const { exitCode, out } = await onib(command, '-C', project, '--json');
      expect(exitCode).toBe(EXIT.done);
      expectDocumented(out);
    }
  });

  it('status says that there is no release yet', async () => {
    const { out } = await onib('status', '-C', project);
    expect(out).toContain('no release yet');
    expect(out).toContain('out of date: overlay hello');
  });

  it('doctor tries everything and writes documented JSON', async () => {
    const { exitCode, out } = await onib('doctor', '-C', project, '--json');
    expectDocumented(out);
    const { checks } = JSON.parse(out) as {
      checks: { name: string; state: string; seen: string }[];
    };
    expect(checks.filter(({ state }) => state === 'lacks')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['overlayfs', 'virtual network', 'libsquashfs', 'package mirror']),
    );
    expect(exitCode).toBe(EXIT.done);
  });
});

describe('onib, with what is wrong', () => {
  it('outside of a project exits 2 and says how to begin one', async () => {
    const { exitCode, err } = await onib('plan', '-C', parent);
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain('error[NO_PROJECT]');
    expect(err).toContain('hint: onib init');
  });

  it('names every mistake with file, line and column', async () => {
    const file = path.join(project, 'vars/broken.yml');
    await writeFile(file, 'provisioner: roles/overlay/provision_helo\n');
    try {
      const { exitCode, err } = await onib('plan', '-C', project);
      expect(exitCode).toBe(EXIT.usage);
      expect(err).toContain('error[ROLE_MISSING]');
      expect(err).toContain('at vars/broken.yml:1:14');
      expect(err).toContain('did you mean');
    } finally {
      await rm(file);
    }
  });

  it('writes errors as documented JSON', async () => {
    const { exitCode, out, err } = await onib(
      'plan',
      'nothing-of-that-name',
      '-C',
      project,
      '--json',
    );
    expect(exitCode).toBe(EXIT.usage);
    expectDocumented(out);
    expect(err).toBe('');
  });
});
