/** Names that onib's files have, and that users may give. */

export const PROFILES_FILE = 'boot-profiles.yml';

/** Names of images and profiles go into file names and URLs. */
export const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const NAME_RULE =
  'a name has letters, digits, ".", "_" and "-", 64 at most, and begins with a letter or digit';
