/** Where the files of provisioners lie. */
import type { ImageConfig, Provisioner } from '../config.js';

/** Absolute paths of the directories that the images' provisioners are made of, each once. */
export function provisionerDirectories(images: readonly ImageConfig[]): string[] {
  return [...new Set(images.flatMap(({ provisioners }) => provisioners.map(directoryOf)))];
}

function directoryOf({ directory }: Provisioner): string {
  return directory;
}
