/** onib's public API: what a program that embeds it may rely on. */
export { EXIT, OnibError, OnibErrors, formatPlace } from './errors.js';
export type { ExitCode, OnibErrorOptions, SourcePlace } from './errors.js';
export { version } from './package.js';
export type {
  Artifact,
  ArtifactFormat,
  ArtifactKind,
  BootProfile,
  Digest,
  ReleaseManifest,
} from './store/manifest.js';
