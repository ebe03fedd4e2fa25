/** What makes artifacts of finished trees. */
export { packOverlay } from '../archive/overlay-archive.js';
export { packSquashfs } from '../archive/squashfs/index.js';
export { guardOverlay } from './guard-overlay.js';
export { inspectArtifact } from './inspect-artifact.js';
