/** Which provisioners a vars file names, and what is wrong with them. */
import { didYouMean, nearest } from '../../core/did-you-mean.js';
import type { OnibError, SourcePlace } from '../../core/errors.js';
import type { Provisioner } from '../config.js';
import { imageKeys } from '../keys/image-keys.js';
import { namesOf } from '../keys/key.js';
import { readKey, type Layer } from '../keys/read-key.js';
import { existingRoles, findRole, kindOfRole, rolePlaces } from '../roles/find-role.js';
import { configProblem } from '../yaml/problems.js';
import type { YamlFile } from '../yaml/yaml-file.js';

/** Of one that is not there the directory is empty. */
export async function readProvisioners(
  { root, problems }: { readonly root: string; readonly problems: OnibError[] },
  yaml: YamlFile,
  own: Layer,
): Promise<Provisioner[]> {
  const before = problems.length;
  const found = readKey(imageKeys.provisioner, [own], problems);
  if (found === undefined) {
    if (problems.length === before) problems.push(await missingProvisioner(yaml, root));
    return [];
  }
  return await Promise.all(
    found.value.map(async (role, index): Promise<Provisioner> => {
      const listed = Array.isArray(own.values[found.name]);
      const place = own.place(found.name, listed ? [index] : []);
      const directory = await findRole(root, role);
      if (directory === undefined) problems.push(await missingRole(root, role, place));
      return { kind: 'role', role: role.replace(/\/+$/, ''), directory: directory ?? '', place };
    }),
  );
}

async function missingProvisioner(yaml: YamlFile, root: string): Promise<OnibError> {
  const names = namesOf(imageKeys.provisioner);
  const slip = Object.keys(yaml.values).find((key) => nearest(key, names) !== undefined);
  return configProblem(
    'PROVISIONER_MISSING',
    `Cannot use vars file "${yaml.file}": it names no provisioner`,
    slip === undefined ? yaml.place() : yaml.place([slip]),
    slip === undefined
      ? 'provisioner: roles/overlay/<role>'
      : `did you mean "provisioner" instead of "${slip}"?`,
    (await existingRoles(root)).map((role) => `there is ${role}`),
  );
}

async function missingRole(root: string, role: string, place: SourcePlace): Promise<OnibError> {
  const known = await existingRoles(root);
  const kind = kindOfRole(role) ?? 'overlay';
  const newName = role.replace(/^.*\//, '').replace(/^provision_/, '');
  return configProblem(
    'ROLE_MISSING',
    `Cannot use provisioner "${role}": there is no tasks/main.yml in it`,
    place,
    nearRole(role, known) ?? `onib new ${kind} ${newName}`,
    rolePlaces(root, role).map((directory) => `looked in ${directory}`),
  );
}

/** By the whole path, or by the role's name when it lies in another folder. */
function nearRole(role: string, known: readonly string[]): string | undefined {
  const byPath = didYouMean(role, known);
  if (byPath !== undefined) return byPath;
  const last = (name: string): string => name.replace(/\/+$/, '').replace(/^.*\//, '');
  const name = nearest(last(role), known.map(last));
  const match = known.find((candidate) => last(candidate) === name);
  return match === undefined ? undefined : `did you mean "${match}"?`;
}
