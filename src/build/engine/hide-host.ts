/** What programs of a build could see of the host and of the user who started it, and write into an image. */
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

const HOST_NAME = 'onib';
const USER_TASTE = /^(?:TZ|LANG|LANGUAGE|LC_.*)$/;

/**
 * For a process in a UTS namespace of its own.
 *
 * @returns the host's name
 */
export async function hideHost(): Promise<string> {
  const name = hostname();
  process.umask(0o022);
  for (const variable of Object.keys(process.env)) {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- an empty TZ means something else than none
    if (USER_TASTE.test(variable)) delete process.env[variable];
  }
  process.env.LC_ALL = 'C.UTF-8';
  process.env.TZ = 'UTC';
  await writeFile('/proc/sys/kernel/hostname', HOST_NAME);
  return name;
}
