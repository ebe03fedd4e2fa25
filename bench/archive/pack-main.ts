/** Packs once, as a process of its own, so that it can be measured like any other program. */
import { packOverlay } from '../../src/archive/overlay-archive.js';
import { packSquashfs, type PackSquashfsOptions } from '../../src/archive/squashfs/index.js';

const [kind = '', tree = '', out = '', options = '{}'] = process.argv.slice(2);
if (kind === 'cpio') await packOverlay(tree, out);
else await packSquashfs(tree, out, JSON.parse(options) as PackSquashfsOptions);
