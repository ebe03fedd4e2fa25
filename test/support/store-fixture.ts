/** Builds small stores for tests: real objects, manifests and links, as the builder leaves them. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Digest } from '../../src/core/digest.js';
import { setCurrent } from '../../src/store/current.js';
import { addRelease } from '../../src/store/release-directory.js';
import type { Store } from '../../src/store/store.js';
import type {
  Artifact,
  ArtifactFormat,
  ArtifactKind,
  BootProfile,
  ReleaseManifest,
} from '../../src/contract/release-manifest.js';

export interface FixtureArtifact {
  readonly kind: ArtifactKind;
  readonly fileName: string;
  readonly content: Buffer | string;
  readonly name?: string;
  readonly format?: ArtifactFormat;
}

export interface FixtureRelease {
  readonly id?: string;
  readonly artifacts?: readonly FixtureArtifact[];
  readonly profiles?: readonly Partial<BootProfile>[];
  /** Default: the first profile; null: none. */
  readonly defaultProfile?: string | null;
}

const kernelVersion = '6.12.57+deb13-amd64';

const formats: Readonly<Record<ArtifactKind, ArtifactFormat>> = {
  base: 'squashfs',
  kernel: 'bzImage',
  initrd: 'initramfs',
  modules: 'squashfs',
  overlay: 'cpio.gz',
  loader: 'binary',
};

/** A whole release in small: every kind of artifact, loaders for BIOS and UEFI. */
export const standardArtifacts: readonly FixtureArtifact[] = [
  { kind: 'base', fileName: 'base.trixie.squashfs', content: Buffer.alloc(300_000, 'base') },
  {
    kind: 'kernel',
    fileName: `vmlinuz-${kernelVersion}`,
    content: Buffer.alloc(120_000, 'kernel'),
  },
  {
    kind: 'initrd',
    fileName: `initrd.img-${kernelVersion}`,
    content: Buffer.alloc(200_000, 'initrd'),
  },
  {
    kind: 'modules',
    fileName: `modules.${kernelVersion}.squashfs`,
    content: Buffer.alloc(100_000, 'modules'),
  },
  {
    kind: 'overlay',
    name: 'discovery',
    fileName: 'discovery.overlay.cpio.gz',
    content: Buffer.alloc(50_000, 'overlay'),
  },
  { kind: 'loader', fileName: 'undionly.kpxe', content: Buffer.alloc(70_001, 'undionly') },
  { kind: 'loader', fileName: 'snponly.efi', content: Buffer.alloc(146_800, 'snponly') },
  { kind: 'loader', fileName: 'ipxe.efi', content: Buffer.alloc(999_999, 'ipxe') },
];

export const standardProfile: BootProfile = {
  name: 'discovery',
  kernel: `vmlinuz-${kernelVersion}`,
  initrd: `initrd.img-${kernelVersion}`,
  modules: `modules.${kernelVersion}.squashfs`,
  base: 'base.trixie.squashfs',
  overlays: ['discovery.overlay.cpio.gz'],
  arguments: ['console=ttyS0,115200'],
};

export function digestOf(content: Buffer | string): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** The manifest alone, for tests of pure code. */
export function releaseManifest(release: FixtureRelease = {}): ReleaseManifest {
  const artifacts = (release.artifacts ?? standardArtifacts).map(describeArtifact);
  const profiles = (release.profiles ?? [{}]).map((profile) => ({
    ...standardProfile,
    ...profile,
  }));
  const defaultProfile =
    release.defaultProfile === undefined ? profiles[0]?.name : release.defaultProfile;
  return {
    schema: 'onib.release/2',
    id: release.id ?? '20261120T140501Z-3f9c',
    created: '2026-11-20T14:05:01Z',
    onib: '0.1.0',
    artifacts,
    profiles,
    ...(defaultProfile === undefined || defaultProfile === null ? {} : { defaultProfile }),
  };
}

function describeArtifact(artifact: FixtureArtifact): Artifact {
  const digest = digestOf(artifact.content);
  const isKernelSet = ['kernel', 'initrd', 'modules'].includes(artifact.kind);
  return {
    kind: artifact.kind,
    name: artifact.name ?? (artifact.kind === 'loader' ? artifact.fileName : artifact.kind),
    fileName: artifact.fileName,
    format: artifact.format ?? formats[artifact.kind],
    digest,
    size: Buffer.byteLength(artifact.content),
    architecture: 'amd64',
    ...(isKernelSet ? { kernelVersion } : {}),
    inputDigest: digest,
    inputs: {},
    seconds: 1,
  };
}

/** Writes a release and makes it current. @returns its directory */
export async function commitTo(store: Store, manifest: ReleaseManifest): Promise<string> {
  const directory = await addRelease(store, manifest);
  await setCurrent(store.directory, manifest.id);
  return directory;
}

/** A store in a directory of its own. */
export class StoreFixture {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<StoreFixture> {
    const directory = await mkdtemp(path.join(tmpdir(), 'onib-store-'));
    await mkdir(path.join(directory, 'objects'));
    await mkdir(path.join(directory, 'releases'));
    return new StoreFixture(directory);
  }

  /** Writes the objects, the release with its links and, last, its manifest. Does not make it current. */
  async addRelease(release: FixtureRelease = {}): Promise<ReleaseManifest> {
    const manifest = releaseManifest(release);
    const directory = path.join(this.directory, 'releases', manifest.id);
    await mkdir(directory);
    for (const artifact of release.artifacts ?? standardArtifacts) {
      const hex = digestOf(artifact.content).slice('sha256:'.length);
      await writeFile(this.objectPath(hex), artifact.content);
      await symlink(`../../objects/${hex}`, path.join(directory, artifact.fileName));
    }
    await writeFile(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
    return manifest;
  }

  /** Switches `current` at once, as the builder does. */
  async switchTo(id: string): Promise<void> {
    const fresh = path.join(this.directory, 'current.new');
    await symlink(`releases/${id}`, fresh);
    await rename(fresh, path.join(this.directory, 'current'));
  }

  objectPath(hex: string): string {
    return path.join(this.directory, 'objects', hex);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A store whose current release is the standard one. */
export async function createStore(release: FixtureRelease = {}): Promise<StoreFixture> {
  const store = await StoreFixture.create();
  await store.switchTo((await store.addRelease(release)).id);
  return store;
}
