/** docs/boot-contract.md, and both ends of the contract against it: the boot server and the shell of the initrd. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { startBootServer, type BootServer } from '../../../boot-server/index.js';
import { contractDocument } from '../../../src/contract/document.js';
import {
  isServerWord,
  kernelArguments,
  SERVER_WORDS,
} from '../../../src/contract/kernel-arguments.js';
import { kernelParameters } from '../../../src/contract/kernel-parameters.js';
import { reportedStages } from '../../../src/contract/stages.js';
import { contractUrls, pathOf } from '../../../src/contract/urls.js';
import { hexOf } from '../../../src/core/digest.js';
import { packagePath } from '../../../src/core/package.js';
import { createStore, releaseManifest, type StoreFixture } from '../../support/store-fixture.js';

// `npx vitest run --project unit -u contract/document` writes the file anew.
test('contractDocument() is what docs/boot-contract.md says', async () => {
  await expect(contractDocument()).toMatchFileSnapshot(packagePath('docs/boot-contract.md'));
});

describe('the boot server', () => {
  const mac = '52:54:00:12:34:56';
  let store: StoreFixture;
  let server: BootServer;

  beforeAll(async () => {
    store = await createStore();
    server = await startBootServer({
      store: store.directory,
      ...{ interface: 'lo', dhcp: { mode: 'off' }, tftp: false, httpPort: 0 },
      onEvent: () => undefined,
    });
  });

  afterAll(async () => {
    await server.close();
    await store.remove();
  });

  const get = async (target: string): Promise<Response> => await fetch(`${server.url}${target}`);

  it('answers every URL of the contract', async () => {
    const script = await (await get(`/v1/boot?mac=${mac}`)).text();
    const manifest = /onib\.digest=sha256:([0-9a-f]{64})/.exec(script)?.[1] ?? '';
    const { id, artifacts } = releaseManifest();
    const [object] = artifacts;
    if (object === undefined) throw new Error('the fixture has no artifact');
    const values: Record<string, string> = {
      '{mac}': mac,
      '{release}': id,
      '{file}': object.fileName,
    };
    const statuses: string[] = [];
    for (const { method, path: name } of contractUrls) {
      const sha256 = name.startsWith('/objects/') ? hexOf(object.digest) : manifest;
      const target = name.replaceAll(/\{[a-z0-9]+\}/g, (part) => values[part] ?? sha256);
      const body =
        method === 'POST' ? { method, body: new URLSearchParams({ stage: 'network' }) } : {};
      const query = name === pathOf('nodeScript', {}) ? `?mac=${mac}` : '';
      const { status } = await fetch(`${server.url}${target}${query}`, body);
      if (status !== 200 && status !== 204) statuses.push(`${method} ${name}: ${String(status)}`);
    }
    expect(statuses).toEqual([]);
  });
});

describe('the initrd', () => {
  const directory = packagePath('roles/initrd/provision_initrd/files/lib');

  async function shell(): Promise<string> {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.sh'));
    const texts = names.map((name) => readFile(path.join(directory, name), 'utf8'));
    const agent = packagePath('roles/basefs/provision_base/files/tree/usr/lib/onib/node-agent');
    return [...(await Promise.all(texts)), await readFile(agent, 'utf8')].join('\n');
  }

  it('reports the stages of the contract, and no other', async () => {
    const text = await shell();
    const told = [...text.matchAll(/(?:onib_report "?|stage=|report "?)([a-z]+(?:-[a-z]+)*)\b/g)];
    const stages = new Set(told.map(([, stage = '']) => stage));
    expect(reportedStages.filter((stage) => !stages.has(stage))).toEqual([]);
    const reports = [...text.matchAll(/^\s*onib_report "?([a-z-]+)/gm)].map(([, stage]) => stage);
    expect(reports.length).toBeGreaterThan(5);
    expect(
      reports.filter((stage) => !(reportedStages as readonly string[]).includes(stage ?? '')),
    ).toEqual([]);
  });

  it('reads every word that the boot server writes for it', () => {
    const known = new Set(kernelParameters.map(({ name }) => name));
    const written = kernelArguments({
      ...{ mac: '52:54:00:12:34:56', manifestUrl: 'u', manifestSha256: '0', serverUrl: 's' },
      ...{ initrdName: 'initrd.img', profileArguments: [], extraArguments: [] },
    }).map((word) => word.split('=')[0] ?? '');
    // The kernel reads the first, initramfs-tools the second.
    const others = ['initrd', 'boot'];
    expect(written.filter((word) => !known.has(word))).toEqual(others);
    // A profile may say `ip=`: its words come last.
    expect(written.filter((word) => !isServerWord(`${word}=x`))).toEqual(['ip']);
    expect(SERVER_WORDS.filter((word) => !written.includes(word))).toEqual([]);
  });

  it('reads the first line of the boot manifest as it is written', async () => {
    const [first] = /^onib-boot \d+$/m.exec(contractDocument()) ?? [''];
    expect(await readFile(path.join(directory, 'manifest.sh'), 'utf8')).toContain(`'${first}'`);
  });
});
