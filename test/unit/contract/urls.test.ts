import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packagePath } from '../../../src/core/package.js';
import { matchPath, objectSource, pathOf } from '../../../src/contract/urls.js';

const SHA256 = 'a'.repeat(64);
const MAC = '52:54:00:12:34:56';
const segments = (path: string): string[] => path.slice(1).split('/');

describe('matchPath()', () => {
  test.each([
    [pathOf('page', {}), '/', 'page'],
    [pathOf('health', {}), '/healthz', 'health'],
    [pathOf('firstScript', {}), '/boot.ipxe', 'firstScript'],
    [pathOf('nodeScript', {}), '/v1/boot', 'nodeScript'],
    [pathOf('bootManifest', { sha256: SHA256 }), `/v1/manifests/${SHA256}`, 'bootManifest'],
    [pathOf('object', { sha256: SHA256 }), `/objects/${SHA256}`, 'object'],
    [pathOf('releaseFile', { release: 'r1', file: 'a.b' }), '/releases/r1/a.b', 'releaseFile'],
    [pathOf('nodes', {}), '/v1/nodes', 'nodes'],
    [pathOf('node', { mac: MAC }), `/v1/nodes/${MAC}`, 'node'],
    [pathOf('nodeEvents', { mac: MAC }), `/v1/nodes/${MAC}/events`, 'nodeEvents'],
  ])('matchPath() finds what pathOf() makes: %s', (path, expected, name) => {
    expect(path).toBe(expected);
    expect(matchPath(segments(path))?.name).toBe(name);
  });

  test('matchPath() gives the values of a path', () => {
    expect(matchPath(['releases', 'r1', 'initrd.img-6.12+deb13'])).toEqual({
      name: 'releaseFile',
      values: { release: 'r1', file: 'initrd.img-6.12+deb13' },
    });
  });

  test.each(['/objects/12', `/objects/${'A'.repeat(64)}`, '/v1', '/v1/nodes/a/b', '//', '/boot'])(
    'matchPath() finds nothing at %s',
    (path) => {
      expect(matchPath(segments(path))).toBeUndefined();
    },
  );

  test('matchPath() finds an object below each source of a boot manifest', () => {
    const url = `${objectSource('http://192.0.2.1:8080')}${SHA256}`;
    expect(matchPath(segments(new URL(url).pathname))?.name).toBe('object');
  });

  test.each([
    'roles/initrd/provision_initrd/files/lib/report.sh',
    'roles/basefs/provision_base/files/tree/usr/lib/onib/node-agent',
  ])('matchPath() finds where %s reports', (file) => {
    const text = readFileSync(packagePath(file), 'utf8');
    const [, path = ''] = /"\$(?:onib_server|ONIB_SERVER)(\/[^"]+)"/.exec(text) ?? [];
    const asked = path.replace(/\$(?:onib_mac|ONIB_MAC)/, MAC);
    expect(matchPath(segments(asked))).toEqual({ name: 'nodeEvents', values: { mac: MAC } });
  });
});
