/** What a release of the default project holds, read with other tools than onib's own. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/package.js';
import type { Artifact } from '../../src/contract/release-manifest.js';
import { runOnib } from '../support/onib-command.js';
import { initrdNames } from '../support/vm-node-checks.js';
import { defaultRelease, type BuiltProject } from '../support/vm-release.js';

const MEGABYTE = 1e6;

let project: BuiltProject;

beforeAll(async () => {
  project = await defaultRelease();
});

function artifactsOf(kind: Artifact['kind']): Artifact[] {
  return project.release.artifacts.filter((one) => one.kind === kind);
}

function only(kind: Artifact['kind'], name?: string): Artifact {
  const [first, ...others] = artifactsOf(kind).filter(
    (one) => name === undefined || one.name === name,
  );
  if (first === undefined || others.length > 0) throw new Error(`not one ${kind} ${name ?? ''}`);
  return first;
}

function fileOf(artifact: Artifact): string {
  return project.store.objectPath(artifact.digest);
}

/** Paths without a leading slash; directories among them. */
async function namesIn(artifact: Artifact): Promise<string[]> {
  const file = fileOf(artifact);
  if (artifact.kind === 'initrd') return await initrdNames(file);
  if (artifact.kind === 'overlay') {
    const { stdout } = await execa('gzip', ['-dc', file], { encoding: 'buffer' }).pipe(
      'cpio',
      ['-it', '--quiet'],
      { encoding: 'utf8' },
    );
    return stdout.split('\n');
  }
  const { stdout } = await execa('unsquashfs', ['-l', '-dest', '', '-no-progress', file]);
  return stdout.split('\n').map((line) => line.replace(/^\//, ''));
}

/** What no image may hold. Directories themselves belong to packages. */
const FORBIDDEN: readonly (readonly [string, RegExp])[] = [
  ['Python', /\bpython[0-9.]*$|\.pyc?$|\/(dist|site)-packages(\/|$)/],
  ['package lists', /^var\/lib\/apt\/lists\/(?!partial$)./],
  ['downloaded packages', /^var\/cache\/apt\/.*(\.deb|\.bin)$/],
  ['logs', /^var\/log\/.*(\.log|[wb]tmp|lastlog|journal|term)$/],
  ['host keys', /^etc\/ssh\/ssh_host_/],
  ['identities', /^etc\/nvme\/host(id|nqn)$|^var\/lib\/systemd\/random-seed$/],
  ['backups of accounts', /^etc\/(passwd|shadow|group|gshadow)-$/],
  [
    'traces of provisioning',
    /(^|\/)\.ansible(\/|$)|^usr\/sbin\/policy-rc\.d$|^run\/(?!lock(\/subsys)?$)./,
  ],
];

describe('the default project’s release', () => {
  it.each([
    ['base', undefined, 55],
    ['initrd', undefined, 25],
    ['modules', undefined, 50],
    ['overlay', 'discovery', 15],
  ] as const)('%s %s has at most %d MB (%#)', (kind, name, megabytes) => {
    const { size } = only(kind, name);
    expect(size).toBeGreaterThan(MEGABYTE);
    expect(size).toBeLessThanOrEqual(megabytes * MEGABYTE);
  });

  it.each(FORBIDDEN)('no image holds %s', async (_, pattern) => {
    for (const kind of ['base', 'modules', 'overlay', 'initrd'] as const) {
      for (const artifact of artifactsOf(kind)) {
        const names = await namesIn(artifact);
        expect(names.length).toBeGreaterThan(5);
        expect(
          names.filter((name) => pattern.test(name)),
          artifact.fileName,
        ).toEqual([]);
      }
    }
  });

  it('the base has what a node needs', async () => {
    const names = new Set(await namesIn(only('base')));
    const programs = ['curl', 'sudo', 'less', 'vim.tiny', 'ipmitool', 'udevadm', 'systemctl'];
    for (const program of programs) expect(names).toContain(`usr/bin/${program}`);
    for (const program of ['ip', 'modprobe', 'sshd']) {
      expect([...names].some((name) => new RegExp(`^usr/s?bin/${program}$`).test(name))).toBe(true);
    }
    expect(names).toContain('usr/lib/onib/node-agent');
  });

  it('the base lets nobody in with a password', async () => {
    const { stdout } = await execa('unsquashfs', ['-cat', fileOf(only('base')), 'etc/shadow']);
    const passwords = stdout.split('\n').map((line) => line.split(':')[1]);
    expect(passwords.length).toBeGreaterThan(10);
    expect(passwords.filter((password) => !/^[!*]+$/.test(password ?? ''))).toEqual([]);
  });

  it('every artifact is its digest, and stands under its friendly name', async () => {
    for (const { digest, fileName, size } of project.release.artifacts) {
      const bytes = await readFile(`${project.store.directory}/current/${fileName}`);
      expect(bytes.length).toBe(size);
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, fileName).toBe(digest);
    }
  });

  it('a second build builds nothing', async () => {
    const { stdout } = await runOnib(packageRoot, ['build', 'all'], { check: true });
    expect(stdout).toMatch(/nothing to build/);
    expect((await project.store.current())?.id).toBe(project.release.id);
  });
});
