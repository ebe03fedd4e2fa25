import { describe, expect, test } from 'vitest';
import { automaticPackages } from '../../../src/provision/bootstrap/automatic-packages.js';

const installed = (name: string, more: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1\n${more}\n\n`;

const STATUS =
  installed('zlib1g', 'Architecture: amd64\nPriority: optional') +
  installed('adduser', 'Architecture: all\nPriority: important') +
  installed('dpkg', 'Architecture: amd64\nPriority: required\nEssential: yes') +
  installed('mount', 'Architecture: amd64\nPriority: required') +
  installed('curl', 'Architecture: amd64\nPriority: optional') +
  installed('libc6', 'Architecture: i386\nPriority: optional') +
  'Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\n\n';

describe('automaticPackages()', () => {
  test.each(['curl', 'curl:amd64', 'curl=1', 'curl/trixie'])(
    'automaticPackages() names what nobody asked for: %s',
    (requested) => {
      expect(automaticPackages(Buffer.from(STATUS), [requested], 'amd64')).toBe(
        [
          'Package: adduser\nArchitecture: amd64\nAuto-Installed: 1\n\n',
          'Package: libc6\nArchitecture: i386\nAuto-Installed: 1\n\n',
          'Package: zlib1g\nArchitecture: amd64\nAuto-Installed: 1\n\n',
        ].join(''),
      );
    },
  );
});
