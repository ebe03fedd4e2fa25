import { describe, expect, test } from 'vitest';
import { makePlan } from '../../../src/plan/make-plan.js';
import { resolveProfiles } from '../../../src/plan/bootable-profiles.js';
import type { ProfileConfig } from '../../../src/project/config.js';
import { built, config, digest, facts } from './sample.js';

const TOOLS: ProfileConfig = {
  name: 'tools',
  base: 'base',
  kernel: 'kernel',
  overlays: ['discovery', 'tools'],
  arguments: ['quiet'],
  nodes: ['52:54:00:12:34:56'],
};
const ARTIFACTS = built(makePlan(config(), facts(), {}));

const planOf = (
  profiles: readonly ProfileConfig[],
  defaultProfile?: string,
): Parameters<typeof resolveProfiles>[0] => ({
  profiles,
  drop: [],
  ...(defaultProfile === undefined ? {} : { defaultProfile }),
});

describe('resolveProfiles()', () => {
  test('resolveProfiles() names the files of a profile, overlays in their order', () => {
    expect(resolveProfiles(planOf([TOOLS], 'tools'), ARTIFACTS)).toEqual({
      profiles: [
        {
          name: 'tools',
          kernel: 'kernel-6.12-kernel',
          initrd: 'initrd-6.12-kernel',
          modules: 'modules-6.12-kernel',
          base: 'base.trixie.squashfs',
          overlays: ['discovery.overlay.cpio.gz', 'tools.overlay.cpio.gz'],
          arguments: ['quiet'],
        },
      ],
      incomplete: [],
      defaultProfile: 'tools',
    });
  });

  test.each<
    [string, Partial<ProfileConfig>, (artifact: (typeof ARTIFACTS)[number]) => boolean, string]
  >([
    ['overlay', {}, ({ name }) => name !== 'tools', 'overlay "tools" is not built'],
    ['base', {}, ({ kind }) => kind !== 'base', 'base image "base" is not built'],
    [
      'part of the kernel set',
      {},
      ({ kind }) => kind !== 'modules',
      'kernel set "kernel" is not built',
    ],
  ])('resolveProfiles() leaves a profile out for lack of its %s', (_what, change, keep, reason) => {
    const result = resolveProfiles(
      planOf([{ ...TOOLS, ...change }], 'tools'),
      ARTIFACTS.filter(keep),
    );
    const missing = { profile: 'tools', reason };
    expect(result).toEqual({
      profiles: [],
      incomplete: [missing],
      defaultProfileMissing: missing,
    });
  });

  test('resolveProfiles() leaves out what a project has no image for', () => {
    const { kernel, ...noKernel } = TOOLS;
    const { base, ...noBase } = TOOLS;
    expect([kernel, base]).toEqual(['kernel', 'base']);
    expect(
      resolveProfiles(planOf([noKernel, noBase]), ARTIFACTS).incomplete.map(({ reason }) => reason),
    ).toEqual(['the project has no kernel set', 'the project has no base image']);
  });

  test('resolveProfiles() never puts an overlay over a base that it was not made for', () => {
    const others = ARTIFACTS.map((artifact) =>
      artifact.name === 'tools' ? { ...artifact, baseDigest: digest('other') } : artifact,
    );
    expect(resolveProfiles(planOf([TOOLS]), others).incomplete).toEqual([
      {
        profile: 'tools',
        reason: 'overlay "tools" was made over an earlier build of base image "base"',
      },
    ]);
  });

  test('resolveProfiles() names the base image of an overlay that a profile puts over another', () => {
    const small = { ...TOOLS, base: 'small' };
    const [base] = ARTIFACTS.filter(({ kind }) => kind === 'base');
    if (base === undefined) throw new Error('no base');
    const both = [...ARTIFACTS, { ...base, name: 'small', digest: digest('small') }];
    expect(resolveProfiles(planOf([{ ...small, overlays: ['tools'] }]), both).incomplete).toEqual([
      {
        profile: 'tools',
        reason: 'overlay "tools" was made over base image "base", and the profile has "small"',
      },
    ]);
  });

  test('resolveProfiles() says of an overlay that leaves with its base that it needs another one', () => {
    const [overlay] = ARTIFACTS.filter(({ name }) => name === 'tools');
    if (overlay === undefined) throw new Error('no overlay');
    const plan = {
      ...planOf([{ ...TOOLS, overlays: ['tools'] }]),
      drop: [{ artifact: overlay, reason: 'its base is rebuilt' }],
    };
    const left = ARTIFACTS.filter((artifact) => artifact !== overlay).map((artifact) =>
      artifact.kind === 'base' ? { ...artifact, digest: digest('rebuilt') } : artifact,
    );
    expect(resolveProfiles(plan, left).incomplete).toEqual([
      {
        profile: 'tools',
        reason: 'overlay "tools" was made over an earlier build of base image "base"',
      },
    ]);
  });
});
