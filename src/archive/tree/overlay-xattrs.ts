/**
 * What overlayfs itself keeps in extended attributes of an upper directory, and what of it a layer
 * may carry elsewhere (Documentation/filesystems/overlayfs.rst).
 */
import type { ByteString } from '../../core/byte-string.js';

const PREFIX = 'trusted.overlay.';

/** File handles, counters and flags that are hints about the layers of the build host. */
const HINTS = new Set(['origin', 'impure', 'nlink', 'uuid', 'upper']);

/** The content, or the name, is in a layer below: the layer cannot be understood without that one. */
const DEPENDENCIES = new Set(['redirect', 'metacopy', 'whiteout', 'whiteouts']);

/** `trusted.overlay.opaque` and every attribute that is not overlayfs' own is kept. */
export function overlayXattrRule(name: ByteString): 'keep' | 'drop' | 'refuse' {
  if (!name.startsWith(PREFIX)) return 'keep';
  const feature = name.slice(PREFIX.length);
  if (HINTS.has(feature)) return 'drop';
  return DEPENDENCIES.has(feature) ? 'refuse' : 'keep';
}
