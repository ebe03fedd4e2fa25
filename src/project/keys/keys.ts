/**
 * Every key that onib knows: the tables drive checking, standard values, types, inputs, "did you mean" and
 * docs/reference/configuration.md. Any other key is an Ansible variable.
 */
import { imageKeys } from './image-keys.js';
import type { Key } from './key.js';
import { settingKeys } from './setting-keys.js';

/** All known keys, settings first. */
export const knownKeys: readonly Key<unknown>[] = [
  ...Object.values(settingKeys),
  ...Object.values(imageKeys),
];
