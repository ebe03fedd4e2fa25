/** onib's public API: what a program that embeds it may rely on. */
export { EXIT, OnibError, OnibErrors, formatPlace } from './core/errors.js';
export type { ExitCode, OnibErrorOptions, SourcePlace } from './core/errors.js';
export { version } from './core/package.js';
export type {
  Artifact,
  ArtifactFormat,
  ArtifactKind,
  BootProfile,
  ReleaseManifest,
} from './contract/release-manifest.js';
export type { Digest } from './core/digest.js';
