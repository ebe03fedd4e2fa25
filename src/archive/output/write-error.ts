/** The error for an archive that cannot be written. */
import { statfsSync } from 'node:fs';
import path from 'node:path';
import { OnibError } from '../../core/errors.js';

/** A system error met while writing the archive; `unread` bytes of files were still to be packed. */
export function writeError(outFile: string, error: unknown, unread?: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  const { bavail, bsize } = statfsSync(path.dirname(outFile));
  return new OnibError(
    'DISK_FULL',
    `Cannot write "${outFile}": the disk is full, ${String(bavail * bsize)} bytes are available`,
    {
      hint: `free some space in ${path.dirname(outFile)}`,
      details:
        unread === undefined
          ? []
          : [`${String(unread)} bytes of files (before compression) were still to be packed`],
      cause: error,
    },
  );
}
