import { describe, expect, it } from 'vitest';
import type { BootProfile, ReleaseManifest } from '../../../src/contract/release-manifest.js';
import { chooseProfile } from '../../../src/vm/choose-profile.js';

const profile = (name: string): BootProfile => ({
  name,
  kernel: 'vmlinuz',
  initrd: 'initrd.img',
  modules: 'modules.squashfs',
  base: 'base.squashfs',
  overlays: [],
  arguments: [],
});

const release: ReleaseManifest = {
  schema: 'onib.release/2',
  id: '20261120T140501Z-3f9c',
  created: '2026-11-20T14:05:01.000Z',
  onib: '0.1.0',
  artifacts: [],
  profiles: [profile('discovery'), profile('maintenance')],
  defaultProfile: 'maintenance',
};

describe('chooseProfile()', () => {
  it('chooseProfile() takes what was asked for, else the default', () => {
    expect(chooseProfile(release, 'discovery').name).toBe('discovery');
    expect(chooseProfile(release, undefined).name).toBe('maintenance');
  });

  it('chooseProfile() says what was meant', () => {
    expect(() => chooseProfile(release, 'discovry')).toThrow(
      expect.objectContaining({
        code: 'PROFILE_UNKNOWN',
        exitCode: 2,
        hint: 'did you mean "discovery"?',
      }) as Error,
    );
  });

  it.each([undefined, { ...release, profiles: [], defaultProfile: undefined }])(
    'chooseProfile() says how to get something to boot (%#)',
    (nothing) => {
      expect(() => chooseProfile(nothing as ReleaseManifest | undefined, undefined)).toThrow(
        expect.objectContaining({ code: 'NOTHING_TO_BOOT', hint: 'onib build all' }) as Error,
      );
    },
  );
});
