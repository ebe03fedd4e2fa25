/** What Debian calls architectures, and their kernels. */

/** Debian's name of the architecture that this process runs on. */
export function hostArchitecture(nodeArchitecture: string = process.arch): string {
  const names: Record<string, string> = {
    x64: 'amd64',
    ia32: 'i386',
    arm: 'armhf',
    ppc64: 'ppc64el',
  };
  return names[nodeArchitecture] ?? nodeArchitecture;
}

/** Debian's kernel metapackage of an architecture. */
export function kernelMetapackage(architecture: string): string {
  const flavours: Record<string, string> = { i386: '686', armhf: 'armmp', ppc64el: 'powerpc64le' };
  return `linux-image-${flavours[architecture] ?? architecture}`;
}
