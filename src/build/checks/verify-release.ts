/** Reads a whole release back: every artifact's digest, and every file that is in it. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { archiveFormat, withContents } from '../../archive/contents/with-contents.js';
import { contentDigests } from '../../archive/contents/read.js';
import { totalsBy } from '../../archive/contents/totals.js';
import { OnibError } from '../../core/errors.js';
import type {
  Artifact,
  ArtifactFormat,
  BootProfile,
  ReleaseManifest,
} from '../../contract/release-manifest.js';
import { fileDigest } from '../../host/file-digest.js';

export interface Verified {
  /** Names in it; undefined for what holds no tree. */
  readonly entries?: number;
  /** Bytes of all files in it. */
  readonly fileBytes?: number;
}

export interface VerifiedArtifact extends Verified {
  readonly artifact: Artifact;
  readonly problem?: OnibError;
}

/** Each artifact as it was found, in the order of the release. */
export async function* verifyArtifacts(
  directory: string,
  release: ReleaseManifest,
  signal: AbortSignal,
): AsyncGenerator<VerifiedArtifact> {
  for (const artifact of release.artifacts) {
    signal.throwIfAborted();
    try {
      yield {
        artifact,
        ...(await verifyArtifact(path.join(directory, artifact.fileName), artifact)),
      };
    } catch (error) {
      if (!(error instanceof OnibError)) throw error;
      yield { artifact, problem: error };
    }
  }
}

const TREES: Partial<Record<ArtifactFormat, 'squashfs' | 'cpio'>> = {
  squashfs: 'squashfs',
  'cpio.gz': 'cpio',
  initramfs: 'cpio',
};

/** @throws {OnibError} what is wrong with the file of an artifact */
export async function verifyArtifact(file: string, artifact: Artifact): Promise<Verified> {
  const { fileName, digest } = artifact;
  const size = await sizeOf(file);
  if (size === undefined) {
    throw new OnibError('OBJECT_MISSING', `Cannot verify "${fileName}": it is not in the store`, {
      hint: 'onib build all',
    });
  }
  const found = size === artifact.size ? await fileDigest(file) : undefined;
  if (found !== digest) {
    const what =
      found === undefined
        ? `it has ${String(size)} bytes instead of ${String(artifact.size)}`
        : `its digest is ${found} instead of ${digest}`;
    throw new OnibError('OBJECT_DAMAGED', `Cannot verify "${fileName}": ${what}`, {
      hint: 'remove the damaged object from the store, then onib build all --force',
    });
  }
  const expected = TREES[artifact.format];
  if (expected === undefined) return {};
  if ((await archiveFormat(file)) !== expected) {
    throw new OnibError('OBJECT_DAMAGED', `Cannot verify "${fileName}": it is not ${expected}`);
  }
  return await readWhole(file);
}

/** Reads every name, attribute and byte of an archive. */
export async function readWhole(file: string): Promise<Verified> {
  return await withContents(file, async ({ entries, ...contents }) => {
    const files = [...entries.values()].filter(({ kind }) => kind === 'file');
    await contentDigests({ entries, ...contents }, new Set(files.map(({ path: name }) => name)));
    const [total] = totalsBy(files, () => '');
    return { entries: entries.size, fileBytes: total?.bytes ?? 0 };
  });
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Profiles that name what the release does not have. */
export function brokenProfiles({ profiles, artifacts }: ReleaseManifest): OnibError[] {
  const known = new Set(artifacts.map(({ fileName }) => fileName));
  return profiles.flatMap((profile) =>
    filesOf(profile)
      .filter((file) => !known.has(file))
      .map(
        (file) =>
          new OnibError(
            'PROFILE_INCOMPLETE',
            `Cannot boot profile "${profile.name}": the release has no "${file}"`,
            { hint: 'onib build all' },
          ),
      ),
  );
}

function filesOf({ kernel, initrd, modules, base, overlays }: BootProfile): readonly string[] {
  return [kernel, initrd, modules, base, ...overlays];
}
