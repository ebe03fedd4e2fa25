/** What an artifact holds, whatever its format: names with what they are, and files' bytes on demand. */
import type { ByteString } from '../../core/byte-string.js';
import type { Attributes, Device, InodeKind, Xattr } from '../tree/tree.js';

export interface ContentEntry extends Attributes {
  /** Relative, without `./`; empty for the root. */
  readonly path: ByteString;
  readonly kind: InodeKind;
  /** Bytes of a regular file or of a link's target, else 0. */
  readonly size: number;
  /** Equal for names of one file; undefined for a file with one name. */
  readonly link: string | undefined;
  readonly target: ByteString | undefined;
  readonly device: Device | undefined;
  /** In byte order of their names. */
  readonly xattrs: readonly Xattr[];
}

/** Part of a file that is an archive of its own, as an initrd has several. */
export interface ContentSegment {
  readonly compression: string;
  readonly entries: number;
}

export interface ContentFile {
  readonly path: ByteString;
  readonly bytes: AsyncIterable<Buffer>;
}

export interface ArtifactContents {
  readonly format: 'squashfs' | 'cpio';
  /** In byte order of the paths; every path once. */
  readonly entries: ReadonlyMap<ByteString, ContentEntry>;
  readonly segments: readonly ContentSegment[];
  /**
   * The wanted regular files, in an order that suits the format; the bytes of one must be read, or not
   * asked for, before the next is.
   */
  files(wanted: (path: ByteString) => boolean): AsyncIterable<ContentFile>;
}
