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
A known key is read before Ansible runs, so it cannot hold Jinja2, with one exception: \`{{ name }}\` is filled in when that
variable holds plain text.

A key that looks like a slip of a known one (two letters off at most: \`pakcages\`) is an error when
nothing reads it: no role of the image mentions it, and no other value is made from it.

Coming from on-imagebuilder: \`provisioner\`, \`apt_server\`, \`build_root_size\` and the \`debootstrap_*\` keys
mean what they meant. \`basefs_image_name\` has no effect (the file is \`base.<suite>.squashfs\`), paths of
the chroot groups' hosts and \`ansible_connection\` are not needed, and \`repository_lists\` is a variable
for your roles.
`;

const HYGIENE = `## What no image may hold

Many nodes boot the same image, and everybody on their network can fetch it. So it must hold no keys, identities, logs or traces of the
build. The table below says what these are. The build uses it twice:

1. When a provisioner has ended, the build removes the paths that are marked ✗. Scripts of Debian packages leave such files.
2. Before a base image, overlay, initrd or modules layer goes into the store, it is checked against every row. What is found ends the build with
   \`HYGIENE\`, the path, the rule and what to do. Of some rules it is only a warning. An empty file is never reported.

Three rules look for traces of the build: \`mirror\`, \`build-host\` and \`build-path\`. They pass over files that are just as their Debian
package ships them, since these cannot have a trace of your build. dpkg's records in the image tell which files these are.
A host name of letters alone (\`other\`, \`backup\`) looks like any word. As the build host's name it is not searched for. As the name of a mirror
or proxy it counts only in an address: \`//proxy\`.

If something is in an image on purpose, \`hygiene_allow\` names the rule and the path. Then it is neither removed nor reported:

\`\`\`yaml
hygiene_allow:
  - authorized-keys: root/.ssh/authorized_keys
  - log: var/log/journal/**
\`\`\`

One thing cannot be allowed: what the bootstrapper leaves of itself. Its log, the build host's \`/etc/hostname\` and \`/etc/resolv.conf\`, apt's
settings and the id in \`/etc/machine-id\` are removed before the first provisioner runs.

| rule | paths | what is found is | checked in | such a file | what to do |
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

Each overlay is a boot profile of the same name, and so is the base image, without overlays. The file changes
these profiles and adds others. It is YAML 1.2: a MAC address needs no quotes.

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
