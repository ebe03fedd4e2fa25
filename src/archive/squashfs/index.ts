/** Reads squashfs images. */
export { withSquashfs, type ImageEntry, type SquashfsImage } from './read/image.js';
export type { ImageInode } from './read/inode-reader.js';
