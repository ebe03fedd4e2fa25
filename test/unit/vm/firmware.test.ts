/** Descriptors are those of Debian's package ovmf; QEMU's answers are those of its packages qemu-system-x86. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packagePath } from '../../../src/core/package.js';
import { judgeDescriptor, orderDescriptors } from '../../../src/vm/firmware/descriptor.js';
import { dataDirectories, fullMachineName } from '../../../src/vm/firmware/qemu.js';

const RELEASES = [
  ['bookworm', 'pc-q35-7.2'],
  ['trixie', 'pc-q35-10.0'],
] as const;

function fixture(release: string, name: string): string {
  return readFileSync(packagePath(`test/fixtures/firmware/${release}/${name}`), 'utf8');
}

/** A descriptor that fits, with changes. */
function descriptor(changes: object): string {
  const base = JSON.parse(fixture('trixie', '60-edk2-x86_64.json')) as object;
  return JSON.stringify({ ...base, ...changes });
}

describe.each(RELEASES)('the descriptors of %s', (release, machine) => {
  const names = readdirSync(packagePath(`test/fixtures/firmware/${release}`));

  it('judgeDescriptor() takes the one UEFI without Secure Boot', () => {
    const ordered = orderDescriptors([{ path: '/usr/share/qemu/firmware', names }]);
    const judged = ordered.map((file) => [
      path.basename(file),
      judgeDescriptor(fixture(release, path.basename(file)), machine),
    ]);
    expect(judged).toEqual([
      ['40-edk2-x86_64-secure-enrolled.json', { passedOver: 'it has enrolled-keys' }],
      ['50-edk2-x86_64-secure.json', { passedOver: 'it has secure-boot' }],
      [
        '60-edk2-x86_64.json',
        {
          files: {
            kind: 'uefi',
            code: { path: '/usr/share/OVMF/OVMF_CODE_4M.fd', format: 'raw' },
            variables: { path: '/usr/share/OVMF/OVMF_VARS_4M.fd', format: 'raw' },
          },
        },
      ],
    ]);
  });
});

describe('judgeDescriptor()', () => {
  const machine = 'pc-q35-10.0';

  it.each([
    ['another machine', { targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*'] }] }],
    ['another architecture', { targets: [{ architecture: 'aarch64', machines: ['pc-q35-*'] }] }],
    ['a BIOS', { 'interface-types': ['bios'] }],
    ['memory instead of flash', { mapping: { device: 'memory', filename: '/x/OVMF.amdsev.fd' } }],
    ['one file for both', { mapping: { device: 'flash', mode: 'combined' } }],
    ['no file', { mapping: { device: 'flash' } }],
    ['no list of targets', { targets: 'q35' }],
  ])('judgeDescriptor() passes over one for %s', (_, changes) => {
    expect(judgeDescriptor(descriptor(changes), machine)).toHaveProperty('passedOver');
  });

  it.each(['', '{', 'null', '[]', '"text"'])('judgeDescriptor() says why %j is none', (text) => {
    expect(judgeDescriptor(text, machine)).toHaveProperty('passedOver');
  });

  it('judgeDescriptor() keeps the format of the files', () => {
    const flash = (filename: string) => ({ filename, format: 'qcow2' });
    const mapping = {
      device: 'flash',
      executable: flash('/x/code.qcow2'),
      'nvram-template': flash('/x/vars.qcow2'),
    };
    expect(judgeDescriptor(descriptor({ mapping }), machine)).toMatchObject({
      files: { code: { format: 'qcow2' }, variables: { format: 'qcow2' } },
    });
  });

  it('judgeDescriptor() takes only a star and a question mark of a pattern for more than themselves', () => {
    const of = (pattern: string): string =>
      descriptor({ targets: [{ architecture: 'x86_64', machines: [pattern] }] });
    expect(judgeDescriptor(of('pc-q35-1?.0'), machine)).toHaveProperty('files');
    expect(judgeDescriptor(of('pc-q35-10?0'), 'pc-q35-10.0')).toHaveProperty('files');
    expect(judgeDescriptor(of('pc-q35-10.0'), 'pc-q35-10x0')).toHaveProperty('passedOver');
  });
});

describe('orderDescriptors()', () => {
  it('orderDescriptors() sorts by name, and lets the more special directory win', () => {
    const ordered = orderDescriptors([
      { path: '/usr/share/qemu/firmware', names: ['60-a.json', '50-b.json', 'README'] },
      { path: '/etc/qemu/firmware', names: ['60-a.json', '10-own.json'] },
    ]);
    expect(ordered).toEqual([
      '/etc/qemu/firmware/10-own.json',
      '/usr/share/qemu/firmware/50-b.json',
      '/etc/qemu/firmware/60-a.json',
    ]);
  });
});

describe('what QEMU says', () => {
  it.each([
    [
      'bookworm',
      '/usr/bin/../share/qemu\n/usr/bin/../share/seabios\n/usr/bin/../lib/ipxe/qemu\n',
      ['/usr/share/qemu', '/usr/share/seabios', '/usr/lib/ipxe/qemu'],
    ],
    [
      'trixie',
      '/usr/share/qemu\n/usr/share/seabios\n/usr/lib/ipxe/qemu\n',
      ['/usr/share/qemu', '/usr/share/seabios', '/usr/lib/ipxe/qemu'],
    ],
  ])('dataDirectories() reads -L help of %s', (_, help, directories) => {
    expect(dataDirectories(help)).toEqual(directories);
  });

  it('fullMachineName() reads -machine help', () => {
    const help = `Supported machines are:
pc                   Standard PC (i440FX + PIIX, 1996) (alias of pc-i440fx-10.0)
pc-i440fx-10.0       Standard PC (i440FX + PIIX, 1996) (default)
q35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-10.0)
pc-q35-10.0          Standard PC (Q35 + ICH9, 2009)
`;
    expect(fullMachineName(help, 'q35')).toBe('pc-q35-10.0');
    expect(fullMachineName(help, 'pc-q35-10.0')).toBe('pc-q35-10.0');
    expect(fullMachineName(help, 'microvm')).toBe('microvm');
  });
});
