/** What makes artifacts of finished trees. */
export { packOverlay } from '../../archive/pack/pack-overlay.js';
export { packSquashfs } from '../../archive/pack/pack-squashfs.js';
export { guardOverlay } from '../checks/guard-overlay.js';
export { inspectArtifact } from '../checks/inspect-artifact.js';
