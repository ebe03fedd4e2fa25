/** An overlay with everything that archives like to lose, as tasks of its role. */

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

/** YAML of a role's tasks/main.yml. */
export const LOSABLE_TASKS = `---
- name: Tools that show attributes
  ansible.builtin.apt:
    name: [attr, libcap2-bin]
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
`;
