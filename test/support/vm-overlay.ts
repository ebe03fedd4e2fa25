/** An overlay with everything that archives like to lose, as tasks of its role. */
import { CORPUS } from '../integration/archive/corpus.js';

/** File capability CAP_NET_RAW, permitted and effective, as the kernel stores it (capabilities(7), revision 2). */
const NET_RAW = '0100000200200000000000000000000000000000';

const CHANGES = `import os
os.chown("/srv/owned", 1234, 4321)
os.chmod("/srv/owned", 0o2750)
os.chmod("/srv/owned/setuid", 0o4711)
os.setxattr("/usr/local/bin/probe", "security.capability", bytes.fromhex("${NET_RAW}"))
os.setxattr("/srv/owned/setuid", "user.onib", "gr\\u00fcn".encode())
os.link("/srv/owned/setuid", "/srv/owned/second-name")
os.mkfifo("/srv/owned/fifo", 0o600)
os.utime("/srv/owned/setuid", (1000000000, 1000000000))
`;

/** Directories of the base that are replaced, emptied, or turned into a file and back. */
const REPLACED = `set -eu
cd /usr/share
rm -r fish && mkdir -p fish/completions && echo new >fish/completions/new
rm -r initramfs-tools/scripts/init-top && mkdir initramfs-tools/scripts/init-top
rm -r dict && echo file >dict
rm -r runit && echo file >runit && rm runit && mkdir runit && echo again >runit/again
rm -r zoneinfo/Africa
cd /srv/corpus
printf 'import socket\nsocket.socket(socket.AF_UNIX).bind("special/socket")\n' | "$1" -
touch -d @1700000000 special/socket special
mkdir -m 755 attributes/acl && setfacl -m u:1234:rwx -m d:g:7:r attributes/acl
mkdir attributes/default-acl && setfacl -d -m u:77:rw attributes/default-acl
`;

/** What the provisioner saw; the node looks at the same. */
export const SEEN = '/srv/seen';

/**
 * Every name of the corpus and of what was replaced, with all that can be told of it, a line for each fact.
 * Inodes are numbered as they come; a directory's size and links are the filesystem's own business. Times
 * after the build's SOURCE_DATE_EPOCH, \`$1\`, count as that.
 */
const DESCRIBE = `set -eu
export LC_ALL=C QUOTING_STYLE=c
cd /
list() {
  find srv/corpus etc/skel usr/share/fish usr/share/initramfs-tools usr/share/dict usr/share/runit \
    usr/share/zoneinfo "$@" -print0 | sort -z
}
list | xargs -0 stat -c '%d:%i|%f|%u:%g|%Y|%s|%t:%T|%h|%N' | awk -F '|' -v OFS='|' -v latest="$1" '{
  if (!($1 in numbers)) numbers[$1] = NR
  $1 = numbers[$1]
  if ($4 > latest) $4 = latest
  if ($2 ~ /^4...$/) $5 = $7 = "-"
  print
}'
list -type f | xargs -0 sha256sum
# not the base's own: squashfs refuses to be asked where nothing in it has attributes
find srv/corpus etc/skel usr/share/fish -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex
`;

/** Later times in a build become this one: 2106 is beyond what newc holds, 2038 is not. */
export const LATEST = 4_200_000_000;

/** YAML of a role's tasks/main.yml. */
export const LOSABLE_TASKS = `---
- name: Tools that show attributes
  ansible.builtin.apt:
    name: [acl, attr, libcap2-bin]
    install_recommends: false

- name: Directories
  ansible.builtin.file:
    path: /srv/owned
    state: directory

- name: Files
  ansible.builtin.copy:
    content: "{{ item.content }}"
    dest: "{{ item.path }}"
  loop:
    - { path: /srv/owned/setuid, content: "set\\n" }
    - { path: "/srv/owned/ümlaut", content: "name\\n" }

- name: A program that gets a capability
  ansible.builtin.copy:
    src: /bin/cat
    dest: /usr/local/bin/probe
    remote_src: true
    mode: "0755"

- name: A directory of the base replaced by an empty one of the same name
  ansible.builtin.shell: rm -rf /etc/skel && mkdir /etc/skel && touch /etc/skel/only
  changed_when: true

- name: A file of the base deleted
  ansible.builtin.file:
    path: /etc/issue
    state: absent

- name: A link
  ansible.builtin.file:
    src: /srv/owned
    dest: /srv/link
    state: link

- name: What modules do not do
  ansible.builtin.command:
    argv: ["{{ ansible_python_interpreter }}", "-c", "{{ changes }}"]
  changed_when: true
  vars:
    changes: ${JSON.stringify(CHANGES)}

- name: A directory for the corpus
  ansible.builtin.file:
    path: /srv/corpus
    state: directory

- name: The corpus
  ansible.builtin.command:
    argv: [bash, -c, "{{ corpus }}", corpus, layered]
    chdir: /srv/corpus
  changed_when: true
  vars:
    corpus: !unsafe ${JSON.stringify(CORPUS)}

- name: What takes the place of the base's
  ansible.builtin.command:
    argv: [bash, -c, "{{ replaced }}", replaced, "{{ ansible_python_interpreter }}"]
  changed_when: true
  vars:
    replaced: !unsafe ${JSON.stringify(REPLACED)}

- name: A look at all of it
  ansible.builtin.copy:
    content: !unsafe ${JSON.stringify(DESCRIBE)}
    dest: /srv/describe
    mode: "0755"

- name: What is seen
  ansible.builtin.shell: sh /srv/describe ${String(LATEST)} >${SEEN}
  changed_when: true
`;
