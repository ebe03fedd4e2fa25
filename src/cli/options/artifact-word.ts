/**
 * Which artifact of a release a word means; every command asks here. In this order:
 *
 *   base.trixie.squashfs          a file name
 *   discovery, vars/discovery.yml the image that a vars file makes; of a kernel set its kernel
 *   initrd                        a kind, where the release has one artifact of it
 */
import type { Artifact } from '../../contract/release-manifest.js';
import { isKernelSetPart } from '../../contract/artifact-key.js';
import { didYouMean } from '../../core/did-you-mean.js';
import { EXIT, OnibError } from '../../core/errors.js';

const VARS_FILE = /^(?:.*\/)?vars\/([^/]+)\.ya?ml$/;

/** `vars/x.yml` names the image, not the file. */
export function isVarsFile(word: string): boolean {
  return VARS_FILE.test(word);
}

/** @throws {OnibError} `ARTIFACT_UNKNOWN`, `ARTIFACT_AMBIGUOUS` (exit 2) */
export function artifactOf(artifacts: readonly Artifact[], word: string): Artifact {
  const [artifact, ...others] = meant(artifacts, word);
  if (artifact === undefined) throw unknown(artifacts, word);
  if (others.length > 0) throw ambiguous(artifacts, word, [artifact, ...others]);
  return artifact;
}

/** None, the one, or several of which the word names no one. */
function meant(artifacts: readonly Artifact[], word: string): readonly Artifact[] {
  const exact = artifacts.find(({ fileName }) => fileName === word);
  if (exact !== undefined) return [exact];
  const name = VARS_FILE.exec(word)?.[1] ?? word;
  const named = artifacts.filter((artifact) => artifact.name === name);
  if (named.length > 0) return partOf(named, name);
  return artifacts.filter(({ kind }) => kind === word);
}

/** A set that is called `initrd` has an initrd: then that is meant. */
function partOf(named: readonly Artifact[], name: string): readonly Artifact[] {
  if (!named.every(({ kind }) => isKernelSetPart(kind))) return named;
  const part =
    named.find(({ kind }) => kind === name) ?? named.find(({ kind }) => kind === 'kernel');
  return part === undefined ? named : [part];
}

function unknown(artifacts: readonly Artifact[], word: string): OnibError {
  const fileNames = artifacts.map(({ fileName }) => fileName);
  const words = new Set([
    ...fileNames,
    ...artifacts.flatMap(({ kind, name }) => [name, kind]),
    'current',
  ]);
  return new OnibError(
    'ARTIFACT_UNKNOWN',
    `Cannot find "${word}": there is no such file, release or artifact`,
    {
      exitCode: EXIT.usage,
      details: fileNames,
      hint: didYouMean(word, words) ?? 'onib ls current lists what there is',
    },
  );
}

function ambiguous(
  artifacts: readonly Artifact[],
  word: string,
  several: readonly Artifact[],
): OnibError {
  const words = several.map((one) => {
    const byName = meant(artifacts, one.name);
    return byName.length === 1 && byName[0] === one ? one.name : one.fileName;
  });
  return new OnibError(
    'ARTIFACT_AMBIGUOUS',
    `Cannot tell what "${word}" means: ${String(several.length)} artifacts could be meant`,
    {
      exitCode: EXIT.usage,
      details: several.map(({ fileName }) => fileName),
      hint: `did you mean ${words.map((one) => `"${one}"`).join(' or ')}?`,
    },
  );
}
