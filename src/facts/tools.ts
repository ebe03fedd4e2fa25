/** Versions of the programs and libraries that shape what is built. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { version } from '../core/package.js';
import { askOnce } from '../host/answer-cache.js';
import { run } from '../host/run.js';

/** Debian packages whose version shapes what is built. */
const TOOLS = ['ansible-core', 'mmdebstrap', 'debootstrap', 'libsquashfs1'] as const;

/** dpkg replaces it as a whole with every change. */
const DPKG_STATUS = '/var/lib/dpkg/status';

export async function gatherTools(): Promise<Record<string, string>> {
  const { mtimeMs, size, ino } = (await stat(DPKG_STATUS).catch(() => undefined)) ?? {};
  const digest = createHash('sha256')
    .update([...TOOLS, mtimeMs, size, ino].join(' '))
    .digest('hex');
  // A host without dpkg has no packages; that is not worth remembering.
  const listing = await askOnce('tools', digest, askDpkg).catch(() => '');
  return { onib: version, ...parseTools(listing) };
}

async function askDpkg(): Promise<string> {
  const query = ['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status} ${Version}\n', ...TOOLS];
  const { exitCode, stdout, stderr } = await run(query, { check: false });
  // It exits with 1 when it does not know one of them, and still lists the others.
  if (exitCode > 1) throw new Error(stderr);
  return stdout;
}

/** Versions of installed packages by name, from lines `name status version`. */
function parseTools(listing: string): Record<string, string> {
  const tools: Record<string, string> = {};
  for (const line of listing.split('\n')) {
    const [name = '', status, installed = ''] = line.split(' ');
    if (status === 'installed') tools[name] = installed;
  }
  return tools;
}
