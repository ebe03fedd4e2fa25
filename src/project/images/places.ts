/** Where values of an image stand that only a build can find wrong. */
import type { OnibError, SourcePlace } from '../../core/errors.js';
import type { ImageConfig, ImagePlaces } from '../config.js';
import { imageKeys } from '../keys/image-keys.js';
import type { Key } from '../keys/key.js';
import { readKey, type Layer } from '../keys/read-key.js';
import { settingKeys } from '../keys/setting-keys.js';
import { vaultedIn } from '../vault/vaulted.js';

export function placesOf(
  { kind, variables }: Pick<ImageConfig, 'kind' | 'variables'>,
  layers: readonly Layer[],
): ImagePlaces {
  // Mistakes in these keys are told where their values are read.
  const told: OnibError[] = [];
  const placeOf = (key: Key<unknown>): SourcePlace | undefined => readKey(key, layers, told)?.place;
  const suite = placeOf(settingKeys.suite);
  const mirror = placeOf(settingKeys.aptServer) ?? placeOf(settingKeys.aptProxy);
  const packages: Record<string, SourcePlace> = {};
  const found = kind === 'overlay' ? undefined : readKey(imageKeys.packages, layers, told);
  for (const [index, name] of (found?.value ?? []).entries()) {
    const place = found?.entryPlace(index);
    if (place !== undefined) packages[name] = place;
  }
  return {
    ...(suite === undefined ? {} : { suite }),
    ...(mirror === undefined ? {} : { mirror }),
    packages,
    vaulted: vaultedPlaces(variables, layers),
  };
}

function vaultedPlaces(
  variables: ImageConfig['variables'],
  layers: readonly Layer[],
): Readonly<Record<string, SourcePlace>> {
  const { files, values } = vaultedIn(variables);
  const names = [...Object.values(files).flat(), ...values.map(([name]) => String(name))];
  return Object.fromEntries(
    names.flatMap((name) => {
      const layer = layers.find((one) => one.values[name] !== undefined);
      return layer === undefined ? [] : [[name, layer.place(name)]];
    }),
  );
}
