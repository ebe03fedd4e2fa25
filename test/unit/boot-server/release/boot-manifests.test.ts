import { describe, expect, it } from 'vitest';
import { BootManifests } from '../../../../boot-server/release/boot-manifests.js';
import { buildCatalogue } from '../../../../boot-server/release/catalogue.js';
import { renderBootManifest } from '../../../../src/contract/boot-manifest.js';
import { bootsOf } from '../../../../src/contract/boot.js';
import type { ReleaseManifest } from '../../../../src/contract/release-manifest.js';
import { releaseManifest } from '../../../support/store-fixture.js';

const SOURCES = ['http://10.0.0.5:8080/objects/'];

const releases = ['r1', 'r2', 'r3'].map((id) =>
  releaseManifest({ id, profiles: [{ name: 'a' }, { name: 'b', overlays: [] }] }),
);

/** What the contract makes of a release, without the index. */
function expected(release: ReleaseManifest | undefined): { text: string; sha256: string }[] {
  if (release === undefined) throw new Error('no such release');
  return bootsOf(release).map((boot) => renderBootManifest(boot, SOURCES));
}

/** An index over the real renderer, which notes what it renders. */
function counting(): { manifests: BootManifests; rendered: string[] } {
  const rendered: string[] = [];
  const manifests = new BootManifests((boot, sources) => {
    rendered.push(`${boot.release.id} ${boot.profile.name}`);
    return renderBootManifest(boot, sources);
  });
  return { manifests, rendered };
}

describe('BootManifests', () => {
  it('find() finds the manifests of every release, rendered once for each profile', () => {
    const { manifests, rendered } = counting();
    const catalogue = buildCatalogue('r2', releases);
    for (let round = 0; round < 3; round += 1) {
      for (const { sha256, text } of releases.flatMap(expected)) {
        expect(manifests.find(sha256, catalogue, SOURCES)?.text).toBe(text);
      }
      expect(manifests.find('0'.repeat(64), catalogue, SOURCES)).toBeUndefined();
    }
    expect(rendered).toEqual(['r1 a', 'r1 b', 'r2 a', 'r2 b', 'r3 a', 'r3 b']);
  });

  it('find() renders what a new catalogue adds, and forgets what it lacks', () => {
    const { manifests, rendered } = counting();
    const gone = expected(releases[0])[0]?.sha256 ?? '';
    const stays = expected(releases[1])[0]?.sha256 ?? '';
    const before = buildCatalogue('r2', releases.slice(0, 2));
    expect(manifests.find(gone, before, SOURCES)?.release).toBe('r1');
    rendered.length = 0;

    const after = buildCatalogue('r3', releases.slice(1));
    expect(manifests.find(gone, after, SOURCES)).toBeUndefined();
    expect(manifests.find(stays, after, SOURCES)?.release).toBe('r2');
    expect(rendered).toEqual(['r3 a', 'r3 b']);
  });

  it('of() is what find() finds, for the sources that were asked for', () => {
    const { manifests } = counting();
    const catalogue = buildCatalogue('r2', releases);
    const there = manifests.of('r2', 'a', catalogue, SOURCES);
    const elsewhere = manifests.of('r2', 'a', catalogue, ['http://10.9.9.9/objects/']);
    expect(there).toEqual(expected(releases[1])[0]);
    expect(elsewhere?.text).toContain('source http://10.9.9.9/objects/');
    expect(manifests.of('r2', 'none', catalogue, SOURCES)).toBeUndefined();
  });
});
