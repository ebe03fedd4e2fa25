/** A small configuration and its facts, as data. */
import { inputDigest } from '../../../src/plan/inputs/inputs.js';
import { sourcesKey, type AptSources } from '../../../src/plan/sources.js';
import type { Facts } from '../../../src/plan/facts.js';
import type { Plan } from '../../../src/plan/plan.js';
import type { Config, ImageConfig } from '../../../src/project/config.js';
import type { ImageKind } from '../../../src/project/keys/kinds.js';
import type { Settings } from '../../../src/project/keys/setting-keys.js';
import type { LockedPackage, PackageLock } from '../../../src/lock/model.js';
import type { Digest } from '../../../src/core/digest.js';
import type {
  Artifact,
  ArtifactFormat,
  ArtifactKind,
} from '../../../src/contract/release-manifest.js';

export const SETTINGS: Settings = {
  suite: 'trixie',
  architecture: 'amd64',
  components: ['main'],
  bootstrap: 'mmdebstrap',
  artifactPath: '/p/builds',
  buildRootSize: '80%',
  compression: 'xz',
  compressionBlockSize: 131_072,
};

const SOURCES: AptSources = { lines: ['deb http://mirror.example/debian trixie main'] };

export function image(kind: ImageKind, name: string, more: Partial<ImageConfig> = {}): ImageConfig {
  const file = `vars/${name}.yml`;
  const role = `roles/${kind}/${name}`;
  return {
    ...{ kind, name, file, settings: SETTINGS, packages: [] },
    provisioners: [
      { kind: 'role', role, directory: `/p/${role}`, place: { file, line: 1, column: 1 } },
    ],
    variables: { suite: 'trixie', colour: 'red', provisioner: role },
    ...(kind === 'overlay' ? { base: 'base' } : {}),
    ...more,
  };
}

export function config(images: readonly ImageConfig[] = SAMPLE): Config {
  return { root: '/p', settings: SETTINGS, images, profiles: [], defaultProfile: 'tools' };
}

const SAMPLE = [
  image('base', 'base'),
  image('overlay', 'discovery'),
  image('initrd', 'kernel'),
  image('overlay', 'tools'),
];

export function digest(text: string): Digest {
  return inputDigest({ text });
}

export function facts(from: Config = config(), current?: readonly Artifact[]): Facts {
  return {
    roles: Object.fromEntries(
      from.images.flatMap(({ name, provisioners }) =>
        provisioners.map(({ role, directory }) => [
          directory,
          {
            files: { [`role ${role}/tasks/main.yml`]: digest(name) },
            payload: new Set<string>(),
            words: new Set(['colour', 'password']),
          },
        ]),
      ),
    ),
    shared: { files: {}, payload: new Set<string>(), words: new Set<string>() },
    sources: Object.fromEntries(
      [from, ...from.images].map(({ settings }) => [sourcesKey(settings), SOURCES]),
    ),
    lock: current === undefined ? {} : lockOf(from),
    tools: { onib: '1.0', mmdebstrap: '1.3', 'ansible-core': '2.14', libsquashfs1: '1.2' },
    ...(current === undefined ? {} : { current }),
  };
}

/** A lock that names no package of any image. */
export function lockOf(from: Config, packages: readonly LockedPackage[] = []): PackageLock {
  const names = [...from.images.map(({ name }) => name), 'boot loaders'];
  return Object.fromEntries(
    names.map((name) => [name, { request: digest('another request'), packages }]),
  );
}

/** The facts after a change of an image's role. */
export function withChangedRole(name: string, from: Facts): Facts {
  const [directory = '', role] =
    Object.entries(from.roles).find(([one]) => one.endsWith(`/${name}`)) ?? [];
  const names = Object.keys(role?.files ?? {});
  const files = Object.fromEntries(names.map((file) => [file, digest('changed')]));
  const payload = role?.payload ?? new Set();
  return { ...from, roles: { ...from.roles, [directory]: { files, payload, words: role?.words } } };
}

const FORMATS: Record<ArtifactKind, ArtifactFormat> = {
  base: 'squashfs',
  kernel: 'bzImage',
  initrd: 'initramfs',
  modules: 'squashfs',
  overlay: 'cpio.gz',
  loader: 'binary',
};

/** What a build of this plan leaves in the release: its artifacts and those that stay. */
export function built(plan: Plan, mark = 'first'): Artifact[] {
  const made: Artifact[] = [];
  const add = (
    kind: ArtifactKind,
    name: string,
    fileName: string,
    inputs: Readonly<Record<string, string>>,
    baseDigest?: Digest,
  ): void => {
    const recorded = { ...inputs, ...(baseDigest === undefined ? {} : { base: baseDigest }) };
    made.push({
      ...{ kind, name, fileName, format: FORMATS[kind], architecture: 'amd64' },
      ...{ size: 1, seconds: 1, digest: digest(`${kind} ${name} ${mark}`) },
      ...{ inputs: recorded, inputDigest: inputDigest(recorded) },
      ...(baseDigest === undefined ? {} : { baseDigest }),
    });
  };
  for (const step of plan.steps) {
    const { inputs } = step;
    if (step.kind === 'loaders') {
      for (const file of step.files) add('loader', file, file, inputs);
    } else if (step.kind === 'kernel-set') {
      for (const kind of ['kernel', 'initrd', 'modules'] as const) {
        add(kind, step.image.name, `${kind}-6.12-${step.image.name}`, inputs);
      }
    } else if (step.kind === 'base') add('base', step.image.name, step.fileName, inputs);
    else {
      const { base } = step;
      const over =
        'artifact' in base ? base.artifact : made.find(({ name }) => name === base.planned);
      add('overlay', step.image.name, step.fileName, inputs, over?.digest);
    }
  }
  return [...plan.keep, ...made];
}
