/**
 * Every key that onib knows, in one table: it drives checking, defaults, "did you mean" and
 * docs/reference/configuration.md. Any other key is an Ansible variable.
 */
import type { ImageKind } from '../config.js';
import { IMAGE_POLICY } from '../../policy/image-policy.js';
import {
  bytes,
  integer,
  listOf,
  oneOf,
  oneOrMore,
  pairOf,
  powerOfTwoBytes,
  text,
  textOrNumber,
  type ValueType,
} from './values.js';

export interface Key<T> {
  readonly name: string;
  /** Other names of the same thing, most from on-imagebuilder. */
  readonly aliases: readonly string[];
  readonly type: ValueType<T>;
  /** For the reference; code that fills defaults in stands in settings.ts and images.ts. */
  readonly default: string;
  readonly summary: string;
  /** A real value, as YAML. */
  readonly example: string;
  /**
   * Kinds of image whose vars file may hold it. Elsewhere it is an error, or for a `common` word
   * just a variable.
   */
  readonly kinds: readonly ImageKind[];
  readonly common?: true;
  /** Not a setting of images: only group_vars and hosts may hold it. */
  readonly projectOnly?: true;
}

const ALL: readonly ImageKind[] = ['base', 'initrd', 'overlay'];

const word = text('text', /\S/);
const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])`;

export const DEFAULTS = {
  suite: 'trixie',
  components: ['main'],
  bootstrap: 'mmdebstrap',
  compression: 'zstd',
  compressionBlockSize: 128 * 1024,
  buildRootSize: '80%',
  artifactDirectory: 'builds',
} as const;

export const settingKeys = {
  suite: {
    name: 'suite',
    aliases: ['debootstrap_release'],
    type: text('a Debian codename such as trixie', /^[a-z][a-z0-9-]*$/),
    default: DEFAULTS.suite,
    summary: 'Debian release that the image is made of. An overlay has the suite of its base.',
    example: 'bookworm',
    kinds: ALL,
  },
  architecture: {
    name: 'architecture',
    aliases: ['debootstrap_arch'],
    type: oneOf('amd64', 'arm64', 'armhf', 'i386', 'ppc64el', 'riscv64', 's390x'),
    default: 'that of the build host',
    summary: 'Debian architecture. An overlay has the architecture of its base.',
    example: 'amd64',
    kinds: ALL,
  },
  components: {
    name: 'components',
    aliases: ['debootstrap_components'],
    type: listOf(text('a component such as main', /^[a-z][a-z0-9-]*(?:\/[a-z0-9-]+)?$/), {
      atLeast: 1,
    }),
    default: '[main]',
    summary: 'Parts of the Debian archive that packages may come from.',
    example: '[main, contrib, non-free-firmware]',
    kinds: ALL,
  },
  bootstrap: {
    name: 'bootstrap',
    aliases: [],
    type: oneOf('mmdebstrap', 'debootstrap'),
    default: DEFAULTS.bootstrap,
    summary: 'Program that makes the first tree. mmdebstrap is twice as fast and reproducible.',
    example: 'debootstrap',
    kinds: ['base', 'initrd'],
  },
  bootstrapVariant: {
    name: 'debootstrap_variant',
    aliases: [],
    type: oneOf('minbase'),
    default: 'minbase',
    summary: 'Kept for on-imagebuilder: the only variant is the smallest; `packages` adds to it.',
    example: 'minbase',
    kinds: ['base', 'initrd'],
  },
  aptServer: {
    name: 'apt_server',
    aliases: ['debootstrap_apt_server'],
    type: text(
      'host, host:port or host:port/path',
      new RegExp(String.raw`^(?:https?://)?${HOST}(?::\d{1,5})?(?:/[\w.~/+-]*)?$`),
    ),
    default: "the mirror in the build host's own apt configuration, else the bootstrapper's",
    summary:
      'Mirror, or apt-cacher-ng, that packages are fetched from. It is not left in an image. ' +
      'Without a path, `/debian` and `/debian-security` are added.',
    example: '192.168.100.5:3142',
    kinds: ALL,
  },
  aptProxy: {
    name: 'apt_proxy',
    aliases: [],
    type: text(
      'http://host:port, or auto',
      new RegExp(String.raw`^(?:auto|http://(?:[^\s/@]+@)?${HOST}(?::\d{1,5})?/?)$`),
    ),
    default: "the proxy in the build host's own apt configuration",
    summary:
      'HTTP proxy that packages are fetched through. It is not left in an image. `auto`: an ' +
      'apt-cacher-ng on this machine (port 3142) when there is one, else the default.',
    example: 'http://192.168.100.5:3142',
    kinds: ALL,
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
    kinds: ALL,
  },
  compression: {
    name: 'compression',
    aliases: [],
    type: oneOf('xz', 'zstd', 'gzip', 'lz4'),
    default: DEFAULTS.compression,
    summary:
      'Compressor of squashfs images: zstd unpacks fastest on the node, xz is a tenth smaller.',
    example: 'zstd',
    kinds: ['base', 'initrd'],
  },
  compressionLevel: {
    name: 'compression_level',
    aliases: [],
    type: integer(1, 22),
    default: "the compressor's own",
    summary: 'zstd: 1–22; gzip and xz: 1–9; lz4 has none.',
    example: '15',
    kinds: ['base', 'initrd'],
  },
  compressionBlockSize: {
    name: 'compression_block_size',
    aliases: [],
    type: powerOfTwoBytes(4 * 1024, 1024 * 1024),
    default: '128K',
    summary: 'Bytes that are compressed together. More is smaller, and slower to read at random.',
    example: '256K',
    kinds: ['base', 'initrd'],
  },
  hygieneAllow: {
    name: 'hygiene_allow',
    aliases: [],
    type: listOf(
      pairOf(
        IMAGE_POLICY.map(({ name }) => name),
        text('a path of the image, or a pattern of paths', /^[^\0\n]*[^\0\n/][^\0\n]*$/),
      ),
    ),
    default: '[]',
    summary:
      'What an image may hold though a rule of hygiene forbids it: the rule, and the path or a pattern (`*` within ' +
      'a name, `**` across directories), with all that is below it. The build does not remove it either. The rules ' +
      'are [below](#what-no-image-may-hold).',
    example: '[{ authorized-keys: root/.ssh/authorized_keys }]',
    kinds: ALL,
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
    kinds: ALL,
  },
  buildRootSize: {
    name: 'build_root_size',
    aliases: [],
    type: textOrNumber('a size such as 6G, 900M or 60%', /^(?:[1-9]\d*[kKmMgG]?|[1-9]\d?%|100%)$/),
    default: DEFAULTS.buildRootSize,
    summary: 'Memory that the trees of a build may fill (tmpfs): bytes, k, m, g, or % of RAM.',
    example: '6G',
    kinds: [],
    projectOnly: true,
  },
  artifactPath: {
    name: 'build_artifact_path',
    aliases: [],
    type: text('a path', /^[^\0\n]+$/),
    default: '`builds` in the project',
    summary: 'Directory of the store: objects, releases, `current`. Relative to the project.',
    example: '/srv/onib',
    kinds: [],
    projectOnly: true,
  },
} as const satisfies Record<string, Key<unknown>>;

export const imageKeys = {
  provisioner: {
    name: 'provisioner',
    aliases: ['provisioners'],
    type: oneOrMore(text("a role's path such as roles/overlay/provision_x", /^[^\0\n]+$/)),
    default: '(required)',
    summary:
      'Role, or list of roles, that makes the image; each runs by itself, after those before it. Looked up in the project, then among the ' +
      'roles that ship with onib. Its folder says what is made: `roles/initrd/`, ' +
      '`roles/basefs/`, `roles/overlay/`, `roles/oem/overlay/`.',
    example: 'roles/overlay/provision_discovery',
    kinds: ALL,
  },
  kind: {
    name: 'kind',
    aliases: [],
    type: oneOf('base', 'initrd', 'overlay'),
    default: "by the provisioner's folder",
    summary: 'What is made, for a provisioner that lies in another folder.',
    example: 'overlay',
    kinds: ALL,
  },
  base: {
    name: 'base',
    aliases: [],
    type: text("a base image's name", /^[^\0\n]+$/),
    default: 'the only base image, or the one named `base`',
    summary: 'Base image that the overlay is provisioned over: the name of its vars file.',
    example: 'base',
    kinds: ['overlay'],
  },
  packages: {
    name: 'packages',
    aliases: [],
    type: listOf(
      text(
        'a Debian package such as openssh-server',
        /^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:[=/][A-Za-z0-9.+:~-]+)?$/,
      ),
    ),
    default: '[]',
    summary:
      "Packages that the bootstrapper installs over Debian's essential ones, before the " +
      'provisioner runs. In the vars file of an overlay it is a variable as any other.',
    example: '[openssh-server, curl]',
    kinds: ['base', 'initrd'],
    common: true,
  },
  kernelPackage: {
    name: 'kernel_package',
    aliases: [],
    type: text('a package such as linux-image-amd64', /^linux-image-[a-z0-9+.~-]+$/),
    default: 'linux-image-amd64, or that of the architecture',
    summary: 'Kernel: the metapackage follows security updates, an exact package pins one version.',
    example: 'linux-image-cloud-amd64',
    kinds: ['initrd'],
  },
  initrdModules: {
    name: 'initrd_modules',
    aliases: [],
    type: listOf(word),
    default: 'network drivers, squashfs and overlayfs',
    summary:
      'Kernel modules in the initrd: directories or globs below `/lib/modules/<version>/kernel`. ' +
      'Modules that these need come along; a leading `!` takes out what an earlier entry chose.',
    example: '[drivers/net/ethernet/intel, fs/squashfs]',
    kinds: ['initrd'],
  },
  initrdBinaries: {
    name: 'initrd_include_binaries',
    aliases: [],
    type: listOf(text('an absolute path such as /usr/bin/strace', /^\/[^\0\n]*$/)),
    default: '[]',
    summary: 'More programs for the initrd, with the libraries that they need.',
    example: '[/usr/bin/strace]',
    kinds: ['initrd'],
  },
  moduleLayer: {
    name: 'modules_layer',
    aliases: [],
    type: listOf(word),
    default: 'everything',
    summary: 'Kernel modules in the modules layer, which the booted node can load. Same form.',
    example: '[drivers/net, drivers/nvme, fs]',
    kinds: ['initrd'],
  },
} as const satisfies Record<string, Key<unknown>>;

/** All known keys, settings first. */
export const knownKeys: readonly Key<unknown>[] = [
  ...Object.values(settingKeys),
  ...Object.values(imageKeys),
];

/** Names and aliases of settings: what shapes an image through them is recorded as a setting, not as a variable. */
export const settingNames: ReadonlySet<string> = new Set(
  Object.values(settingKeys).flatMap((key) => [key.name, ...key.aliases]),
);

/** Names that mean `key`, its own first. */
export function namesOf(key: Key<unknown>): readonly string[] {
  return [key.name, ...key.aliases];
}
