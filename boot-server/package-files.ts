/** Where the boot server's own files are, whether it runs compiled from `dist/` or as TypeScript. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

function findPackageRoot(): string {
  let directory = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(directory, 'package.json'))) directory = path.dirname(directory);
  return directory;
}

const packageRoot = findPackageRoot();

/** Directory of the iPXE and HTML templates; they are read from the sources, not compiled. */
export const templateDirectory = path.join(packageRoot, 'boot-server', 'templates');

/** The compiled worker thread: workers cannot start from TypeScript. */
export const udpWorkerFile = path.join(packageRoot, 'dist', 'boot-server', 'udp', 'worker-main.js');
