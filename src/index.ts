/** onib's public API: what a program that embeds it may rely on. docs/api.md shows how. */
export { EXIT, OnibError, OnibErrors, formatPlace } from './core/errors.js';
export type { ExitCode, OnibErrorOptions, SourcePlace } from './core/errors.js';
export { version } from './core/package.js';

// Projects and builds
export { findProject } from './project/find-project.js';
export { loadProject } from './project/load.js';
export type { Config } from './project/config.js';
export { buildProject } from './build/engine/build.js';
export type { BuildOptions, BuildResult } from './build/engine/build.js';
export type { BuildEvent } from './build/record/events.js';
export type { Wanted } from './plan/wanted-images.js';

// Releases and artifacts
export { readManifest as readReleaseManifest } from './store/store.js';
export type {
  Artifact,
  ArtifactFormat,
  ArtifactKind,
  BootProfile,
  ReleaseManifest,
} from './contract/release-manifest.js';
export { withContents } from './archive/contents/with-contents.js';
export type { ArtifactContents, ContentEntry, ContentFile } from './archive/contents/entry.js';
export { readPackages } from './archive/contents/package-table.js';
export type { PackageTable } from './archive/contents/package-table.js';
export { displayName } from './core/byte-string.js';
export type { ByteString } from './core/byte-string.js';
export type { Digest } from './core/digest.js';

// Serving
export { startBootServer } from '../boot-server/index.js';
export type {
  BootServer,
  BootServerEvent,
  BootServerOptions,
  DhcpOptions,
  NodeRecord,
} from '../boot-server/index.js';
