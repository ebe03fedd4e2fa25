/** Keys of one image's vars file. Those that are not its own business alone are variables of its roles, too. */
import { kernelMetapackage } from './architecture.js';
import type { Key, ValuesOf } from './key.js';
import { IMAGE_KINDS } from './kinds.js';
import { listOf, oneOf, oneOrMore, text } from './values.js';

/** What is made, and with what; read in project/images/. */
const makingKeys = {
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
    kinds: IMAGE_KINDS,
    shapes: 'nothing',
  },
  kind: {
    name: 'kind',
    aliases: [],
    type: oneOf('base', 'initrd', 'overlay'),
    default: "by the provisioner's folder",
    summary: 'What is made, for a provisioner that lies in another folder.',
    example: 'overlay',
    kinds: IMAGE_KINDS,
    shapes: 'nothing',
  },
} as const satisfies Record<string, Key<unknown>>;

/** Those that are read as they are. */
export const imageValueKeys = {
  base: {
    name: 'base',
    aliases: [],
    type: text("a base image's name", /^[^\0\n]+$/),
    default: 'the only base image, or the one named `base`',
    summary: 'Base image that the overlay is provisioned over: the name of its vars file.',
    example: 'base',
    kinds: ['overlay'],
    shapes: 'nothing',
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
    standard: [],
    default: '[]',
    summary:
      "Packages that the bootstrapper installs over Debian's essential ones, before the " +
      'provisioner runs. In the vars file of an overlay it is a variable as any other.',
    example: '[openssh-server, curl]',
    kinds: ['base', 'initrd'],
    shapes: 'tree',
    common: true,
  },
  kernelPackage: {
    name: 'kernel_package',
    aliases: [],
    type: text('a package such as linux-image-amd64', /^linux-image-[a-z0-9+.~-]+$/),
    standard: kernelMetapackage,
    default: 'linux-image-amd64, or that of the architecture',
    summary: 'Kernel: the metapackage follows security updates, an exact package pins one version.',
    example: 'linux-image-cloud-amd64',
    kinds: ['initrd'],
    shapes: 'tree',
    filledIn: true,
  },
  initrdModules: {
    name: 'initrd_modules',
    aliases: [],
    type: listOf(text('text', /\S/)),
    default: 'network drivers, squashfs and overlayfs',
    summary:
      'Kernel modules in the initrd: directories or globs below `/lib/modules/<version>/kernel`. ' +
      'Modules that these need come along; a leading `!` takes out what an earlier entry chose.',
    example: '[drivers/net/ethernet/intel, fs/squashfs]',
    kinds: ['initrd'],
    shapes: 'rest',
  },
  initrdBinaries: {
    name: 'initrd_include_binaries',
    aliases: [],
    type: listOf(text('an absolute path such as /usr/bin/strace', /^\/[^\0\n]*$/)),
    default: '[]',
    summary: 'More programs for the initrd, with the libraries that they need.',
    example: '[/usr/bin/strace]',
    kinds: ['initrd'],
    shapes: 'rest',
  },
  moduleLayer: {
    name: 'modules_layer',
    aliases: [],
    type: listOf(text('text', /\S/)),
    standard: ['*'],
    default: 'everything',
    summary: 'Kernel modules in the modules layer, which the booted node can load. Same form.',
    example: '[drivers/net, drivers/nvme, fs]',
    kinds: ['initrd'],
    shapes: 'rest',
    filledIn: true,
  },
} as const satisfies Record<string, Key<unknown>>;

export const imageKeys = { ...makingKeys, ...imageValueKeys } as const;

/** What an image's keys say, where its kind has them; its provisioners and its kind are read apart. */
export type ImageValues = Partial<ValuesOf<typeof imageValueKeys>>;
