/**
 * Settings: of the whole project in group_vars, of one image in its vars file. A row is all that there is of
 * a setting, but for its use: it is read, checked, typed, recorded among the inputs and described from here.
 */
import { IMAGE_POLICY, type HygieneAllowed } from '../../policy/image-policy.js';
import { hostArchitecture } from './architecture.js';
import type { Key, ValuesOf } from './key.js';
import { IMAGE_KINDS } from './kinds.js';
import {
  bytes,
  converted,
  integer,
  listOf,
  oneOf,
  pairOf,
  powerOfTwoBytes,
  text,
  textOrNumber,
  type ValueType,
} from './values.js';

const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])`;

function withoutSlash(type: ValueType<string>): ValueType<string> {
  return converted(type, (address) => address.replace(/\/+$/, ''));
}

export const settingKeys = {
  suite: {
    name: 'suite',
    aliases: ['debootstrap_release'],
    type: text('a Debian codename such as trixie', /^[a-z][a-z0-9-]*$/),
    standard: 'trixie',
    default: 'trixie',
    summary: 'Debian release that the image is made of. An overlay has the suite of its base.',
    example: 'bookworm',
    kinds: IMAGE_KINDS,
    shapes: 'tree',
    filledIn: true,
  },
  architecture: {
    name: 'architecture',
    aliases: ['debootstrap_arch'],
    type: oneOf('amd64', 'arm64', 'armhf', 'i386', 'ppc64el', 'riscv64', 's390x'),
    standard: () => hostArchitecture(),
    default: 'that of the build host',
    summary: 'Debian architecture. An overlay has the architecture of its base.',
    example: 'amd64',
    kinds: IMAGE_KINDS,
    shapes: 'tree',
    filledIn: true,
  },
  components: {
    name: 'components',
    aliases: ['debootstrap_components'],
    type: listOf(text('a component such as main', /^[a-z][a-z0-9-]*(?:\/[a-z0-9-]+)?$/), {
      atLeast: 1,
    }),
    standard: ['main'],
    default: '[main]',
    summary: 'Parts of the Debian archive that packages may come from.',
    example: '[main, contrib, non-free-firmware]',
    kinds: IMAGE_KINDS,
    shapes: 'tree',
    filledIn: true,
  },
  bootstrap: {
    name: 'bootstrap',
    aliases: [],
    type: oneOf('mmdebstrap', 'debootstrap'),
    standard: 'mmdebstrap',
    default: 'mmdebstrap',
    summary: 'Program that makes the first tree. mmdebstrap is twice as fast and reproducible.',
    example: 'debootstrap',
    kinds: ['base', 'initrd'],
    shapes: 'tree',
  },
  bootstrapVariant: {
    name: 'debootstrap_variant',
    aliases: [],
    type: oneOf('minbase'),
    default: 'minbase',
    summary: 'Kept for on-imagebuilder: the only variant is the smallest; `packages` adds to it.',
    example: 'minbase',
    kinds: ['base', 'initrd'],
    shapes: 'nothing',
  },
  aptServer: {
    name: 'apt_server',
    aliases: ['debootstrap_apt_server'],
    type: withoutSlash(
      text(
        'host, host:port or host:port/path',
        new RegExp(String.raw`^(?:https?://)?${HOST}(?::\d{1,5})?(?:/[\w.~/+-]*)?$`),
      ),
    ),
    default: "the mirror in the build host's own apt configuration, else the bootstrapper's",
    summary:
      'Mirror, or apt-cacher-ng, that packages are fetched from. It is not left in an image. ' +
      'Without a path, `/debian` and `/debian-security` are added.',
    example: '192.168.100.5:3142',
    kinds: IMAGE_KINDS,
    shapes: 'nothing',
  },
  aptProxy: {
    name: 'apt_proxy',
    aliases: [],
    type: withoutSlash(
      text(
        'http://host:port, or auto',
        new RegExp(String.raw`^(?:auto|http://(?:[^\s/@]+@)?${HOST}(?::\d{1,5})?/?)$`),
      ),
    ),
    default: "the proxy in the build host's own apt configuration",
    summary:
      'HTTP proxy that packages are fetched through. It is not left in an image. `auto`: an ' +
      'apt-cacher-ng on this machine (port 3142) when there is one, else the default.',
    example: 'http://192.168.100.5:3142',
    kinds: IMAGE_KINDS,
    shapes: 'nothing',
  },
  aptSnapshot: {
    name: 'apt_snapshot',
    aliases: [],
    type: text('a time such as 20261101T000000Z', /^\d{8}T\d{6}Z$/),
    default: 'the archive as it is today',
    summary:
      'The archive as it was at that time, from an `apt_server` that keeps every state: packages are ' +
      'fetched from `<apt_server>/debian/<time>` and `<apt_server>/debian-security/<time>`. For ' +
      'packages of `onib.lock` that have left the mirror.',
    example: '20261101T000000Z',
    kinds: IMAGE_KINDS,
    shapes: 'nothing',
  },
  compression: {
    name: 'compression',
    aliases: [],
    type: oneOf('xz', 'zstd', 'gzip', 'lz4'),
    standard: 'zstd',
    default: 'zstd',
    summary:
      'Compressor of squashfs images: zstd unpacks fastest on the node, xz is a tenth smaller.',
    example: 'zstd',
    kinds: ['base', 'initrd'],
    shapes: 'rest',
  },
  compressionLevel: {
    name: 'compression_level',
    aliases: [],
    type: integer(1, 22),
    default: "the compressor's own",
    summary: 'zstd: 1–22; gzip and xz: 1–9; lz4 has none.',
    example: '15',
    kinds: ['base', 'initrd'],
    shapes: 'rest',
  },
  compressionBlockSize: {
    name: 'compression_block_size',
    aliases: [],
    type: powerOfTwoBytes(4 * 1024, 1024 * 1024),
    standard: 128 * 1024,
    default: '128K',
    summary: 'Bytes that are compressed together. More is smaller, and slower to read at random.',
    example: '256K',
    kinds: ['base', 'initrd'],
    shapes: 'rest',
  },
  hygieneAllow: {
    name: 'hygiene_allow',
    aliases: [],
    type: listOf(
      converted(
        pairOf(
          IMAGE_POLICY.map(({ name }) => name),
          text('a path of the image, or a pattern of paths', /^[^\0\n]*[^\0\n/][^\0\n]*$/),
        ),
        ({ word, value }): HygieneAllowed => ({ rule: word, path: value }),
      ),
    ),
    default: '[]',
    summary:
      'Exceptions from the rules on [what no image may hold](#what-no-image-may-hold). Each names a rule and a path. ' +
      'In the path `*` stands for any part of a name, and `**` for any directories. All that is below the path is ' +
      'allowed too. The build neither removes nor reports it.',
    example: '[{ authorized-keys: root/.ssh/authorized_keys }]',
    kinds: IMAGE_KINDS,
    shapes: 'rest',
  },
  sizeBudget: {
    name: 'size_budget',
    aliases: [],
    type: bytes(),
    default: 'none',
    summary:
      'Most bytes that the image may have as nodes fetch it, packed; of a kernel set, its kernel, initrd and modules ' +
      'together. A build that makes more fails, and makes no release.',
    example: '45M',
    kinds: IMAGE_KINDS,
    shapes: 'nothing',
  },
  buildRootSize: {
    name: 'build_root_size',
    aliases: [],
    type: textOrNumber('a size such as 6G, 900M or 60%', /^(?:[1-9]\d*[kKmMgG]?|[1-9]\d?%|100%)$/),
    standard: '80%',
    default: '80%',
    summary: 'Memory that the trees of a build may fill (tmpfs): bytes, k, m, g, or % of RAM.',
    example: '6G',
    kinds: [],
    shapes: 'nothing',
    projectOnly: true,
  },
  artifactPath: {
    name: 'build_artifact_path',
    aliases: [],
    type: text('a path', /^[^\0\n]+$/),
    standard: 'builds',
    default: '`builds` in the project',
    summary: 'Directory of the store: objects, releases, `current`. Relative to the project.',
    example: '/srv/onib',
    kinds: [],
    shapes: 'nothing',
    projectOnly: true,
  },
} as const satisfies Record<string, Key<unknown>>;

/** Settings of the project or of an image, with standard values filled in. `artifactPath` is absolute. */
export type Settings = ValuesOf<typeof settingKeys>;
