/** What the roles of an image get: the variables of its layers, with the standard values of known keys. */
import type { ImageConfig } from '../config.js';
import { imageKeys } from '../keys/image-keys.js';
import { rowsOf, type KeyTable } from '../keys/key.js';
import type { Layer } from '../keys/read-key.js';
import { settingKeys } from '../keys/setting-keys.js';
import type { YamlFile } from '../yaml/yaml-file.js';

/** A vars file's own keys as a layer. */
export function fileLayer(yaml: YamlFile): Layer {
  return {
    values: yaml.values,
    place: (name, path = []) => yaml.valuePlace([name, ...path]),
  };
}

/** @param layers The first that holds a variable wins. */
export function variablesOf(
  image: ImageConfig,
  layers: readonly Layer[],
): Readonly<Record<string, unknown>> {
  const merged: Record<string, unknown> = {};
  for (const layer of layers.toReversed()) Object.assign(merged, layer.values);
  return { ...merged, ...filledIn(settingKeys, image.settings), ...filledIn(imageKeys, image) };
}

function filledIn(table: KeyTable, values: object): Record<string, unknown> {
  const found = new Map(Object.entries(values));
  return Object.fromEntries(
    rowsOf(table)
      .filter(([field, key]) => key.filledIn === true && found.has(field))
      .map(([field, key]) => [key.name, found.get(field)]),
  );
}
