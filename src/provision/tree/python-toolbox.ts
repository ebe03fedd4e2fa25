/**
 * The Python toolbox: an interpreter for Ansible's modules that is mounted into a tree while its
 * provisioners run, so that no image holds Python. See docs/decisions/0003-python-toolbox.md.
 *
 * Packages of the tree's own suite, unpacked and never configured, kept as one squashfs file.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { HostCache } from '../../host/host-cache.js';
import { run } from '../../host/run.js';
import { removeTree } from '../../host/trees.js';
import { copyWholeFile } from '../../host/whole-file.js';
import type { AptSources } from '../../plan/sources.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { unpackPackages } from '../bootstrap/unpack-packages.js';

/** Where the toolbox is seen inside a tree. */
export const TOOLBOX_IN_TREE = '/run/onib/python';
/** Ansible's interpreter inside a tree. */
export const PYTHON_IN_TREE = `${TOOLBOX_IN_TREE}/python3`;

const PACKAGES = ['python3-minimal', 'libpython3-stdlib', 'python3-apt'];
/** Raised when the toolbox's own layout changes, so that older cached ones are not used. */
const LAYOUT = 2;

export interface ToolboxRequest {
  readonly settings: Settings;
  readonly sources: AptSources;
  readonly cache: HostCache;
  /** Private directory for unpacking. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Told when one has to be made: it takes seconds. */
  readonly onMake: () => void;
}

/** Path of the toolbox for a suite and architecture; made when the cache has none. */
export async function ensurePythonToolbox(request: ToolboxRequest): Promise<string> {
  const { suite, architecture } = request.settings;
  const file = request.cache.toolbox(`${String(LAYOUT)}.${suite}-${architecture}`);
  if (await isFile(file)) return file;
  request.onMake();
  const tree = path.join(request.scratch, 'python-toolbox');
  await unpackPackages({ ...request, what: 'Python toolbox', packages: PACKAGES, tree });
  const loader = await findLoader(tree);
  await writeFile(path.join(tree, 'python3'), startScript(loader), { mode: 0o755 });
  await compile(tree, loader, request.signal);
  const { packSquashfs } = await import('../../archive/pack/pack-squashfs.js');
  const image = `${tree}.squashfs`;
  await packSquashfs(tree, image, {
    compressor: 'zstd',
    level: 3,
    blockSize: 128 * 1024,
    exclude: ['usr/share/doc/**', 'usr/share/man/**', 'usr/share/locale/**', 'var/**', 'dev/**'],
    signal: request.signal,
  });
  await mkdir(path.dirname(file), { recursive: true });
  // Another project's build may have made it meanwhile.
  await copyWholeFile(image, file, true);
  await removeTree(tree);
  await removeTree(image);
  return file;
}

/**
 * The interpreter is started through its own loader, because the tree's C library may be missing
 * or of another version. Python finds its library beside argv[0], so neither PYTHONHOME nor
 * LD_LIBRARY_PATH is set, and programs that a module starts see a clean environment.
 */
function startScript(loader: Loader): string {
  return `#!/bin/sh\nexec ${commandAt(TOOLBOX_IN_TREE, loader).join(' ')} -B "$@"\n`;
}

function commandAt(root: string, { file, libraries }: Loader): string[] {
  const python = path.join(root, 'usr/bin/python3');
  const directories = libraries.map((one) => path.join(root, one)).join(':');
  return [path.join(root, file), '--library-path', directories, '--argv0', python, python];
}

/**
 * Compiles the library, since nothing can be written beside it later: starting takes a quarter of the
 * time then. A file that does not compile stays as it is. PEP 552: unchecked, for nothing ever changes.
 */
async function compile(tree: string, loader: Loader, signal: AbortSignal): Promise<void> {
  const options = ['-q', '-s', tree, '-p', TOOLBOX_IN_TREE];
  const argv = ['-m', 'compileall', ...options, '--invalidation-mode', 'unchecked-hash'];
  await run([...commandAt(tree, loader), ...argv, path.join(tree, 'usr/lib')], {
    signal,
    check: false,
  });
}

interface Loader {
  /** Both relative to the toolbox. */
  readonly file: string;
  readonly libraries: readonly string[];
}

/** bookworm has the loader below lib/, trixie below usr/lib/. */
async function findLoader(tree: string): Promise<Loader> {
  const { stdout } = await run(
    ['find', '.', '-name', 'ld-linux*.so.*', '-path', '*-linux-gnu*', '-printf', '%P\\n'],
    { cwd: tree },
  );
  const file = stdout.trim().split('\n')[0] ?? '';
  const multiarch = path.basename(path.dirname(file));
  return { file, libraries: [`usr/lib/${multiarch}`, `lib/${multiarch}`] };
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
