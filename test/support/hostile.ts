/** Reads an artifact as far as any program of ours would, and says whether that ended as it must. */
import { withContents } from '../../src/archive/contents/with-contents.js';

/** The errors that a file deserves which is damaged, or was made to do harm. */
const HONEST = new Set(['ARCHIVE_CORRUPT', 'ARCHIVE_COMPRESSION', 'ARCHIVE_UNKNOWN']);
/** A file may claim to be huge and empty; no reader has to wait for all of it. */
const MOST_PIECES = 200;

/**
 * `whole` or `refused`, with an error of ours, when reading ends as it must; otherwise what is wrong.
 *
 * @param file any bytes
 */
export async function readHostile(file: string): Promise<string> {
  try {
    return await withContents(file, async (contents) => {
      for (const path of contents.entries.keys()) {
        if (path.startsWith('/') || path.split('/').includes('..'))
          return `it has the name ${path}`;
      }
      for await (const { bytes } of contents.files(() => true)) {
        let pieces = 0;
        for await (const piece of bytes) {
          if (piece.length === 0) return 'a file has an empty piece';
          if (++pieces > MOST_PIECES) break;
        }
      }
      return 'whole';
    });
  } catch (error) {
    const { code } = error as { code?: string };
    return code !== undefined && HONEST.has(code) ? 'refused' : String(error);
  }
}
