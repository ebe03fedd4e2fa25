/** Digests of whole files, as manifests, locks and URLs write them. */

/** `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** As many hex digits as a person compares. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
