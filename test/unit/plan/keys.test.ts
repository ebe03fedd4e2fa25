/** A row of a table of keys is all that a key needs to be read, typed and recorded. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { imageInputs } from '../../../src/plan/inputs/image-inputs.js';
import type { Inputs } from '../../../src/plan/inputs/inputs.js';
import type { ImageConfig } from '../../../src/project/config.js';
import { imageValueKeys } from '../../../src/project/keys/image-keys.js';
import { rowsOf, type Key, type KeyTable } from '../../../src/project/keys/key.js';
import { settingKeys } from '../../../src/project/keys/setting-keys.js';
import { load } from '../project/temp-project.js';
import { facts } from './sample.js';

const FILES = { base: 'base', initrd: 'kernel', overlay: 'tools' } as const;
const ROLES = {
  base: 'roles/basefs/mini',
  initrd: 'roles/initrd/mini',
  overlay: 'roles/overlay/tools',
};

/** Keys that mean nothing without another. */
const TOGETHER: Readonly<Record<string, string>> = {
  apt_snapshot: 'apt_server: mirror.example/x\n',
};

/** The image of the first kind that may have the key, with the key's example and without. */
async function withExample(key: Key<unknown>): Promise<[ImageConfig, Inputs, Inputs]> {
  const [kind = 'initrd'] = key.kinds;
  const name = FILES[kind];
  const read = async (text: string): Promise<[ImageConfig, Inputs]> => {
    const own = `provisioner: ${ROLES[kind]}\n${TOGETHER[key.name] ?? ''}`;
    const config = await load({ [`vars/${name}.yml`]: own + text });
    const image = config.images.find((one) => one.name === name);
    if (image === undefined) throw new Error(`no image ${name}`);
    return [image, imageInputs(image, facts(config), { lines: [] })];
  };
  const [, without] = await read('');
  const [image, inputs] = await read(`${key.name}: ${key.example}\n`);
  return [image, inputs, without];
}

const rows = (table: KeyTable): [string, string, Key<unknown>][] =>
  rowsOf(table)
    .filter(([, key]) => key.projectOnly !== true)
    .map(([field, key]) => [key.name, field, key]);

const valueOf = (key: Key<unknown>): unknown => {
  const checked = key.type.check(parse(key.example));
  return 'value' in checked ? checked.value : checked;
};

describe('settingKeys', () => {
  test.each(rows(settingKeys))('settingKeys read and record %s', async (name, field, key) => {
    const [{ settings }, inputs] = await withExample(key);
    expect(new Map(Object.entries(settings)).get(field)).toEqual(valueOf(key));
    expect(inputs).not.toHaveProperty([`var ${name}`]);
    if (key.shapes === 'nothing') expect(inputs).not.toHaveProperty([`setting ${name}`]);
    else expect(inputs).toHaveProperty([`setting ${name}`]);
  });
});

describe('imageValueKeys', () => {
  test.each(rows(imageValueKeys))('imageValueKeys read and record %s', async (name, field, key) => {
    const [image, inputs, without] = await withExample(key);
    expect(new Map(Object.entries(image)).get(field)).toEqual(valueOf(key));
    const input = `var ${name}`;
    if (key.shapes === 'nothing') expect(inputs).not.toHaveProperty([input]);
    else expect(inputs[input]).not.toBe(without[input]);
  });
});
