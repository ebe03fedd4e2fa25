import { describe, expect, test } from 'vitest';
import {
  aptSources,
  mirrorOfServer,
  parseMirror,
  parseProxy,
} from '../../../src/facts/apt/apt-sources.js';
import type { Settings } from '../../../src/project/keys/setting-keys.js';

const SETTINGS: Settings = {
  suite: 'trixie',
  architecture: 'amd64',
  components: ['main'],
  bootstrap: 'mmdebstrap',
  artifactPath: '/p/builds',
  buildRootSize: '80%',
  compression: 'xz',
  compressionBlockSize: 131_072,
};

const lines = (...fields: string[][]): string => fields.map((one) => one.join('\t')).join('\n');

describe('parseMirror()', () => {
  test('parseMirror() finds Debian and its security archive among others', () => {
    const output = lines(
      ['https://apt.vendor.example/linux/debian/', 'Vendor', 'Vendor CE', 'bookworm', 'stable'],
      [
        'http://mirror.example/debian-security/',
        'Debian',
        'Debian-Security',
        'bookworm-security',
        'main',
      ],
      ['http://mirror.example/debian/', 'Debian', 'Debian', 'bookworm', 'main'],
      ['http://mirror.example/debian/', 'Debian', 'Debian', 'bookworm-updates', 'main'],
      ['http://ports.example/debian-ports/', 'Debian Ports', 'ftp.ports', 'sid', 'main'],
    );
    expect(parseMirror(output)).toEqual({
      debian: 'http://mirror.example/debian',
      security: 'http://mirror.example/debian-security',
    });
  });

  test('parseMirror() goes by the address before the first apt-get update', () => {
    const output = lines(
      ['https://apt.vendor.example/linux/debian/', '', '', 'bookworm', 'stable'],
      ['http://mirror.example/debian/', '', '', 'bookworm', 'main'],
      ['http://mirror.example/debian-security/', '', '', 'bookworm-security', 'main'],
    );
    expect(parseMirror(output)).toEqual({
      debian: 'http://mirror.example/debian',
      security: 'http://mirror.example/debian-security',
    });
  });

  test('parseMirror() takes no address that a tree cannot reach', () => {
    const output = lines(
      ['file:/srv/mirror/debian/', 'Debian', 'Debian', 'bookworm', 'main'],
      ['cdrom:[Debian]/', 'Debian', 'Debian', 'bookworm', 'main'],
      ['mirror+file:/etc/apt/mirrors.list/', 'Debian', 'Debian', 'bookworm', 'main'],
    );
    expect(parseMirror(output)).toEqual({});
    expect(parseMirror('')).toEqual({});
  });

  test('parseMirror() finds none on another distribution', () => {
    const output = lines(['http://mirror.example/ubuntu/', 'Ubuntu', 'Ubuntu', 'noble', 'main']);
    expect(parseMirror(output)).toEqual({});
  });
});

describe('parseProxy()', () => {
  test.each([
    ["proxy='http://192.0.2.1:3142'\n", 'http://192.0.2.1:3142'],
    ["proxy='http://192.0.2.1:3142/'\n", 'http://192.0.2.1:3142'],
    ["proxy='DIRECT'\n", undefined],
    ["proxy=''\n", undefined],
    ['', undefined],
  ])('parseProxy(%j) is %s', (output, proxy) => {
    expect(parseProxy(output)).toBe(proxy);
  });
});

describe('mirrorOfServer()', () => {
  test.each([
    ['mirror.example', 'http://mirror.example/debian', 'http://mirror.example/debian-security'],
    [
      '192.168.100.5:3142',
      'http://192.168.100.5:3142/debian',
      'http://192.168.100.5:3142/debian-security',
    ],
    [
      'mirror.example/debian',
      'http://mirror.example/debian',
      'http://mirror.example/debian-security',
    ],
    [
      '192.0.2.5:3142/mirror.example/debian',
      'http://192.0.2.5:3142/mirror.example/debian',
      'http://192.0.2.5:3142/mirror.example/debian-security',
    ],
    [
      'https://mirror.example',
      'https://mirror.example/debian',
      'https://mirror.example/debian-security',
    ],
    ['mirror.example/pub/archive', 'http://mirror.example/pub/archive', undefined],
    [
      '[2001:db8::5]:3142',
      'http://[2001:db8::5]:3142/debian',
      'http://[2001:db8::5]:3142/debian-security',
    ],
  ])('mirrorOfServer("%s")', (server, debian, security) => {
    expect(mirrorOfServer(server)).toEqual({
      debian,
      ...(security === undefined ? {} : { security }),
    });
  });
});

describe('aptSources()', () => {
  const host = {
    mirror: {
      debian: 'http://mirror.example/debian',
      security: 'http://mirror.example/debian-security',
    },
    proxy: 'http://192.0.2.1:3142',
  };

  test('aptSources() has suite, updates and security of the host’s mirror', () => {
    expect(aptSources({ ...SETTINGS, components: ['main', 'contrib'] }, host)).toEqual({
      lines: [
        'deb http://mirror.example/debian trixie main contrib',
        'deb http://mirror.example/debian trixie-updates main contrib',
        'deb http://mirror.example/debian-security trixie-security main contrib',
      ],
      proxy: 'http://192.0.2.1:3142',
    });
  });

  test('aptSources() prefers apt_server and apt_proxy', () => {
    const settings = {
      ...SETTINGS,
      aptServer: 'cache.example:3142',
      aptProxy: 'http://192.0.2.9:8080',
    };
    const { lines: sources, proxy } = aptSources(settings, host);
    expect(sources[0]).toBe('deb http://cache.example:3142/debian trixie main');
    expect(sources[2]).toBe('deb http://cache.example:3142/debian-security trixie-security main');
    expect(proxy).toBe('http://192.0.2.9:8080');
  });

  test('aptSources() knows suites without updates, and old names of security', () => {
    expect(aptSources({ ...SETTINGS, suite: 'sid' }, host).lines).toEqual([
      'deb http://mirror.example/debian sid main',
    ]);
    expect(aptSources({ ...SETTINGS, suite: 'buster' }, host).lines[2]).toBe(
      'deb http://mirror.example/debian-security buster/updates main',
    );
  });

  test('aptSources() is empty on a host without a Debian mirror', () => {
    expect(aptSources(SETTINGS, { mirror: {} })).toEqual({ lines: [] });
    expect(
      aptSources(SETTINGS, { mirror: { debian: 'http://mirror.example/debian' } }).lines,
    ).toEqual([
      'deb http://mirror.example/debian trixie main',
      'deb http://mirror.example/debian trixie-updates main',
    ]);
  });
});
