/** A tiny project with one image of every kind, so that a build has every stage of every recipe. */
import { TinyProject } from './tiny-project.js';

/** Steps of `onib build all`. */
export const STEPS = {
  base: 'base tiny',
  overlay: 'overlay small',
  kernel: 'kernel set cloud',
  loaders: 'boot loaders',
} as const;

const KERNEL = `provisioner: roles/initrd/provision_cloud
compression: lz4
kernel_package: linux-image-cloud-amd64
packages: [initramfs-tools, busybox, kmod]
modules_layer: [fs/squashfs, fs/overlayfs]
`;

/** With an overlay "small" over the base, and on request a kernel set "cloud" of Debian's smallest kernel. */
export async function tinyImages(options: { readonly kernel: boolean }): Promise<TinyProject> {
  const project = await TinyProject.create();
  await project.write('vars/small.yml', 'provisioner: roles/overlay/provision_small\n');
  await project.write(
    'roles/overlay/provision_small/tasks/main.yml',
    '- name: say more\n  ansible.builtin.copy: { dest: /etc/issue, content: small }\n',
  );
  if (!options.kernel) return project;
  await project.write('vars/cloud.yml', KERNEL);
  await project.write(
    'roles/initrd/provision_cloud/tasks/main.yml',
    '- name: take few modules\n  ansible.builtin.copy: { dest: /etc/initramfs-tools/conf.d/few, content: "MODULES=list\\n" }\n',
  );
  return project;
}

const ROLES = {
  [STEPS.base]: 'roles/basefs/provision_tiny/tasks/main.yml',
  [STEPS.overlay]: 'roles/overlay/provision_small/tasks/main.yml',
  [STEPS.kernel]: 'roles/initrd/provision_cloud/tasks/main.yml',
} as const;

let changes = 0;

/**
 * Changes the role of a step, so that it is built from its bootstrap's snapshot on, until disposed. Loaders
 * have no role.
 */
export async function changeRole(project: TinyProject, step: string): Promise<AsyncDisposable> {
  const file = Object.entries(ROLES).find(([title]) => title === step)?.[1];
  if (file === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const content = await project.read(file);
  changes += 1;
  await project.write(file, `${content}# change ${String(changes)}\n`);
  return { [Symbol.asyncDispose]: async () => project.write(file, content) };
}

/** Words of `onib build` that build this step, and not much else. */
export function wordsFor(step: string): string[] {
  if (step === STEPS.base) return ['base'];
  if (step === STEPS.overlay) return ['overlay'];
  return step === STEPS.kernel ? ['initrd'] : ['initrd', '--force', '--jobs', '4'];
}
