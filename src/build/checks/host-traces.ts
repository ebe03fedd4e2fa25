/** What an image is searched for that would be a trace of its build: names and paths of the host that built it. Pure. */
import type { AptSources } from '../../plan/sources.js';
import type { HostTraces } from '../../policy/image-policy.js';

/** What no digit, dot or hyphen tells from a word, and what is short, stands in files that mean something else. */
const MAY_BE_A_WORD = /^(?:[a-z]*|.{0,3})$/i;
/** Stands in many files; with a port it is a proxy of this host. */
const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\]):\d+$/;
/** Debian's own names stand in the packages' files, and are where a node's apt should look. */
const PUBLIC_MIRROR = /(?:^|\.)debian\.org$/;

/** What could be found of the host that builds. */
export interface HostFacts {
  readonly name: string;
  readonly project: string;
  /** Where trees are built, and what is mounted into them. */
  readonly places: readonly string[];
}

export function hostTraces(host: HostFacts, sources: AptSources): HostTraces {
  const addresses = [...sources.lines.flatMap((line) => line.split(' ')), sources.proxy ?? ''];
  const mirrors = addresses
    .map((address) => /^[a-z+]+:\/\/(?:[^\s/@]+@)?([^\s/]+)/.exec(address)?.[1] ?? '')
    .map((name) => (LOOPBACK.test(name) ? name : name.replace(/:\d+$/, '')))
    .filter((name) => !['', 'localhost'].includes(name) && !PUBLIC_MIRROR.test(name))
    // Debian has a user called proxy: such a name counts only as part of an address.
    .map((name) => (MAY_BE_A_WORD.test(name) ? `//${name}` : name));
  return {
    mirrors: [...new Set(mirrors)],
    ...(MAY_BE_A_WORD.test(host.name) ? {} : { hostName: host.name }),
    // A project in /root or /srv would find its name in every image.
    paths: [...host.places, ...(host.project.split('/').length > 2 ? [host.project] : [])],
  };
}
