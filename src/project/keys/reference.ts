/** docs/reference/configuration.md, made from the table of keys. */
import {
  CHECKED_KINDS,
  IMAGE_POLICY,
  removedPaths,
  type PolicyRow,
} from '../../policy/image-policy.js';
import { SERVER_WORDS } from '../../contract/kernel-arguments.js';
import { imageKeys } from './image-keys.js';
import { settingKeys } from './setting-keys.js';
import type { Key } from './key.js';
import { wordOf } from './kinds.js';
import { knownKeys } from './keys.js';
import { alternatives } from './values.js';

const FILLED_IN = knownKeys
  .filter(({ filledIn }) => filledIn === true)
  .map(({ name }) => `\`${name}\``);

const INTRODUCTION = `# Configuration

<!-- Made by src/project/keys/reference.ts from the tables in src/project/keys/setting-keys.ts and image-keys.ts: change them there. -->

A project is a directory with these files. \`onib init\` writes one.

| file | what |
| --- | --- |
| \`hosts\` | inventory, read by Ansible itself: groups \`initrd_build_env_chroot\`, \`basefs_build_chroot\` and \`overlay_build_chroot\`, children of \`on_imagebuild\` |
| \`group_vars/on_imagebuild\` | settings and variables of all images; its presence makes a directory a project |
| \`vars/<name>.yml\` | one image: its provisioner, settings that differ, variables |
| \`roles/<initrd, basefs, overlay>/<role>/\` | provisioners; vendors' under \`roles/oem/overlay/<role>/\` |
| \`boot-profiles.yml\` | which overlays and kernel arguments a node gets |

A value comes from the vars file, else from the image's group (everything that Ansible resolves for
it: \`hosts\`, \`group_vars/all\`, \`group_vars/on_imagebuild\`, \`group_vars/<group>\`), else it is the default.
\`key:\` with nothing behind it counts as not set.

Every key that is not listed here is an Ansible variable. The keys here are variables, too, with
defaults filled in for ${alternatives(FILLED_IN, 'and')}.
A known key is read before Ansible runs, so it cannot hold Jinja2; only \`{{ name }}\` of a variable that
holds text is filled in.

A key that looks like a slip of a known one (two letters off at most: \`pakcages\`) is an error when
nothing reads it: no role of the image mentions it, and no other value is made from it.

Coming from on-imagebuilder: \`provisioner\`, \`apt_server\`, \`build_root_size\` and the \`debootstrap_*\` keys
mean what they meant. \`basefs_image_name\` has no effect (the file is \`base.<suite>.squashfs\`), paths of
the chroot groups' hosts and \`ansible_connection\` are not needed, and \`repository_lists\` is a variable
for your roles.
`;

const HYGIENE = `## What no image may hold

This table decides what the build removes by itself and what it then checks. Package scripts leave logs, caches, host keys and
random seeds: paths with a ✗ are removed from the tree when a provisioner has ended. After that every base image,
overlay, initrd and modules layer is checked before it goes into the store. A finding ends the build with \`HYGIENE\`, the path, the
rule and what to do; of some rules it is only a warning. Empty files are no finding.

Three rules look for traces of the build: \`mirror\`, \`build-host\` and \`build-path\`. A file that is just as its Debian package
ships it has no trace of your build, so it is no finding of these, whatever it says. dpkg's records of the image tell which files
these are. A host name of letters alone (\`other\`, \`backup\`) cannot be told from a word. As the build host's name it is not
searched for. As the name of a mirror or proxy it is a finding only in an address: \`//proxy\`.

Where something is meant to be there, \`hygiene_allow\` names rule and path. What is allowed is neither removed nor found:

\`\`\`yaml
hygiene_allow:
  - authorized-keys: root/.ssh/authorized_keys
  - log: var/log/journal/**
\`\`\`

What the bootstrapper writes for itself (its log, the build host's \`/etc/hostname\` and \`/etc/resolv.conf\`, apt's settings, an id in
\`/etc/machine-id\`) goes before the first provisioner runs, whatever is allowed.

| rule | paths | a finding | of | what is so | what to do |
| --- | --- | --- | --- | --- | --- |
`;

function describeRow(row: PolicyRow): string {
  const { name, paths, severity, kinds, what, cure } = row;
  const removed = removedPaths(row);
  const patterns = paths
    .map((pattern) => `\`/${pattern}\`${removed.includes(pattern) ? ' ✗' : ''}`)
    .concat(removed.filter((one) => !paths.includes(one)).map((one) => `(\`/${one}\` ✗)`));
  const of = kinds.length === CHECKED_KINDS.length ? 'all' : kinds.join(', ');
  return `| \`${name}\` | ${patterns.join(', ')} | ${severity} | ${of} | ${what} | ${cure} |`;
}

const PROFILES = `## boot-profiles.yml

Each overlay is a profile by its own name, and so is the base image, without overlays. The file changes
these and adds others. It is YAML 1.2: a MAC address needs no quotes.

| key | meaning |
| --- | --- |
| \`default\` | profile of nodes that no profile names; default: the only overlay's, else the base image's |
| \`kernel\` | kernel set of profiles that name none; default: the only one, or the one named \`kernel\` |
| \`arguments\` | list of words for the kernel command line of every profile |
| \`profiles.<name>.overlays\` | list of overlays, bottom first |
| \`profiles.<name>.base\` | base image; default: the one that the overlays are made over |
| \`profiles.<name>.kernel\` | kernel set |
| \`profiles.<name>.arguments\` | words after the common ones |
| \`profiles.<name>.nodes\` | MAC addresses of the nodes that get the profile |

Words that the boot server writes itself are refused: ${alternatives(
  SERVER_WORDS.map((word) => `\`${word}=\``),
  'and',
)}.
`;

/** The reference as Markdown. */
export function configurationReference(): string {
  return [
    INTRODUCTION,
    '## Settings\n',
    'In `group_vars/on_imagebuild` for all images, or in a vars file for one.\n',
    ...Object.values(settingKeys).map(describeKey),
    '## Images\n',
    'In `vars/<name>.yml`.\n',
    ...Object.values(imageKeys).map(describeKey),
    `${HYGIENE}${IMAGE_POLICY.map(describeRow).join('\n')}\n`,
    PROFILES,
  ].join('\n');
}

function describeKey(key: Key<unknown>): string {
  const kinds = key.kinds.length === 3 ? 'every image' : key.kinds.map(wordOf).join(', ');
  const rows = [
    ['of', key.projectOnly === true ? 'the whole project, not one image' : kinds],
    ['value', key.type.accepts],
    ['default', key.default],
    ...(key.aliases.length === 0
      ? []
      : [['also called', key.aliases.map((alias) => `\`${alias}\``).join(', ')]]),
    ['example', `\`${key.name}: ${key.example}\``],
  ];
  const table = rows.map(
    ([name = '', value = '']) => `| ${name} | ${value.replaceAll('|', '\\|')} |`,
  );
  return [`### ${key.name}\n`, `${key.summary}\n`, '| | |', '| --- | --- |', ...table, ''].join(
    '\n',
  );
}
