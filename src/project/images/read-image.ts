/** One `vars/<name>.yml`: which image it makes, with which provisioners and settings. */
import type { OnibError } from '../../core/errors.js';
import type { ImageConfig } from '../config.js';
import { NAME_RULE, SAFE_NAME } from '../../contract/names.js';
import { imageValueKeys } from '../keys/image-keys.js';
import { rowsOf } from '../keys/key.js';
import type { ImageKind } from '../keys/kinds.js';
import { readTable, type Layer } from '../keys/read-key.js';
import { readSettings } from '../keys/settings.js';
import { configProblem } from '../yaml/problems.js';
import type { YamlFile } from '../yaml/yaml-file.js';
import { checkKeysOfKind, checkVariableNames } from './check-keys.js';
import { placesOf } from './places.js';
import { readKind } from './read-kind.js';
import { readProvisioners } from './read-provisioners.js';
import { fileLayer, variablesOf } from './variables.js';

/** What reading images needs of the project around them. */
export interface ImageContext {
  readonly root: string;
  /** Variables of each kind's chroot group. */
  readonly groups: Readonly<Record<ImageKind, Layer>>;
  readonly problems: OnibError[];
}

/** An overlay's base and whether its own file chose the suite: what can be decided only with all images known. */
export interface DraftImage {
  readonly image: ImageConfig;
  readonly yaml: YamlFile;
}

/** Reads one vars file; every mistake goes to the context's problems. Undefined when nothing can be said about it. */
export async function readImage(
  context: ImageContext,
  yaml: YamlFile,
): Promise<DraftImage | undefined> {
  const { problems } = context;
  const name = yaml.file.replace(/^.*\//, '').replace(/\.ya?ml$/, '');
  if (!SAFE_NAME.test(name)) {
    problems.push(
      configProblem('NAME', `Cannot use vars file "${yaml.file}": ${NAME_RULE}`, {
        file: yaml.file,
      }),
    );
  }
  checkVariableNames(yaml, problems);
  const own = fileLayer(yaml);
  const provisioners = await readProvisioners(context, yaml, own);
  const kind = readKind(yaml, own, provisioners, problems);
  if (kind === undefined) return undefined;
  checkKeysOfKind(yaml, kind, problems);
  const layers = [own, context.groups[kind]];
  const settings = readSettings(context.root, layers, problems);
  const image: ImageConfig = {
    ...readTable(keysOf(kind), layers, problems, settings.architecture),
    ...{ kind, name, file: yaml.file, settings },
    provisioners: provisioners.filter((one) => one.directory !== ''),
    variables: {},
  };
  const variables = variablesOf(image, layers);
  const places = placesOf({ kind, variables }, layers);
  return { image: { ...image, variables, places }, yaml };
}

/** Rows of the keys that an image of a kind may have. */
function keysOf(kind: ImageKind): Partial<typeof imageValueKeys> {
  return Object.fromEntries(rowsOf(imageValueKeys).filter(([, { kinds }]) => kinds.includes(kind)));
}
