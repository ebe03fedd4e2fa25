/**
 * Packs once, as a process of its own, so that it can be measured like any other program. Prints what
 * of it reading back took, which other packers do not do: seconds of all processors and on the clock.
 */
import { packOverlay } from '../../src/archive/overlay-archive.js';
import { packSquashfs, type PackSquashfsOptions } from '../../src/archive/squashfs/index.js';

const [kind = '', tree = '', out = '', options = '{}'] = process.argv.slice(2);
if (kind === 'cpio') await packOverlay(tree, out);
else {
  let began: { readonly cpu: number; readonly wall: number } | undefined;
  await packSquashfs(tree, out, {
    ...(JSON.parse(options) as PackSquashfsOptions),
    onProgress: ({ phase }) => {
      if (phase === 'read-back') began ??= spent();
    },
  });
  const ended = spent();
  const { cpu, wall } = began ?? ended;
  process.stdout.write(JSON.stringify({ cpu: ended.cpu - cpu, wall: ended.wall - wall }));
}

function spent(): { cpu: number; wall: number } {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1e6, wall: performance.now() / 1e3 };
}
