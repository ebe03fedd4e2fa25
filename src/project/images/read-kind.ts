/** What a vars file makes: as it says, else by the folders of its provisioners. */
import type { OnibError } from '../../core/errors.js';
import type { Provisioner } from '../config.js';
import { imageKeys } from '../keys/image-keys.js';
import { withArticle, type ImageKind } from '../keys/kinds.js';
import { readKey, type Layer } from '../keys/read-key.js';
import { folderOfKind, kindOfRole } from '../roles/find-role.js';
import { configProblem } from '../yaml/problems.js';
import type { YamlFile } from '../yaml/yaml-file.js';

export function readKind(
  yaml: YamlFile,
  own: Layer,
  provisioners: readonly Provisioner[],
  problems: OnibError[],
): ImageKind | undefined {
  const written = readKey(imageKeys.kind, [own], problems);
  const byPath = provisioners.map((one) => ({ one, kind: kindOfRole(one.role) }));
  const expected = written?.value ?? byPath.find(({ kind }) => kind !== undefined)?.kind;
  if (expected === undefined) {
    const [first] = provisioners;
    if (first !== undefined) {
      problems.push(
        configProblem(
          'KIND',
          `Cannot tell what provisioner "${first.role}" makes: its folder is none of roles/initrd, roles/basefs, roles/overlay, roles/oem/overlay`,
          first.place,
          `write "kind: overlay" (or base, initrd) into ${yaml.file}`,
        ),
      );
    }
    return undefined;
  }
  for (const { one, kind } of byPath) {
    if (kind === undefined || kind === expected) continue;
    problems.push(
      configProblem(
        'KIND',
        `Cannot use provisioner "${one.role}" here: it makes ${withArticle(kind)}, and ${written === undefined ? 'the one before it' : 'kind says'} ${withArticle(expected)}`,
        one.place,
        written === undefined
          ? `a role for this image belongs into ${folderOfKind(expected)}`
          : undefined,
      ),
    );
  }
  return expected;
}
