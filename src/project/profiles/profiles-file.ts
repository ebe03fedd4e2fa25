/**
 * `boot-profiles.yml`: which overlays and kernel arguments a node gets.
 *
 *     default: discovery                    profile of nodes that no profile names
 *     kernel: kernel                        for profiles that name none
 *     arguments: [console=tty0]             for every profile
 *     profiles:
 *       discovery:
 *         overlays: [discovery]
 *         arguments: ['console=ttyS0,115200n8']
 *         nodes: ['52:54:00:12:34:56']
 */
import { didYouMean } from '../../core/did-you-mean.js';
import type { OnibError } from '../../core/errors.js';
import { completeProfiles } from './complete-profiles.js';
import { findImage, namesOfKind } from '../images/names.js';
import type { ImageConfig, ProfileConfig, Profiles } from '../config.js';
import { withArticle, wordOf, type ImageKind } from '../keys/kinds.js';
import { isServerWord } from '../../contract/kernel-arguments.js';
import { NAME_RULE, SAFE_NAME } from '../../contract/names.js';
import { configProblem } from '../yaml/problems.js';
import { shown } from '../keys/values.js';
import type { YamlFile } from '../yaml/yaml-file.js';

const FILE_KEYS = ['default', 'kernel', 'arguments', 'profiles'];
const PROFILE_KEYS = ['base', 'kernel', 'overlays', 'arguments', 'nodes'];

/** A kernel argument without what a shell, an iPXE script or the kernel's own parser would take apart. */
const ARGUMENT = /^[A-Za-z0-9._:=,/@%+~!^*()[\]-]+$/;

const MAC = /^[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}$/;

type Path = readonly (string | number)[];

interface Context {
  readonly file: YamlFile;
  /** Undefined when a vars file could not be read: then no name can be called wrong. */
  readonly images: readonly ImageConfig[] | undefined;
  readonly problems: OnibError[];
  /** Profile that has each node. */
  readonly owners: Map<string, string>;
}

/** Reads the file, and adds what it need not say; every mistake goes to `problems`. */
export function readProfiles(
  file: YamlFile,
  images: readonly ImageConfig[] | undefined,
  problems: OnibError[],
): Profiles {
  const context: Context = { file, images, problems, owners: new Map() };
  checkKeys(context, file.values, FILE_KEYS, []);
  const map = mapAt(context, file.values.profiles, ['profiles']);
  const profiles = Object.entries(map).map(([name, value]) => readProfile(context, name, value));
  const defaultProfile = readDefault(context, profiles);
  const kernel = imageName(context, 'initrd', file.values.kernel, ['kernel']);
  const defaults = {
    arguments: readArguments(context, file.values.arguments, ['arguments']),
    ...(kernel === undefined ? {} : { kernel }),
  };
  const written = { profiles, ...(defaultProfile === undefined ? {} : { defaultProfile }) };
  return images === undefined || file.broken
    ? written
    : completeProfiles(written, defaults, images, problems);
}

function readProfile(context: Context, name: string, value: unknown): ProfileConfig {
  const at: Path = ['profiles', name];
  if (!SAFE_NAME.test(name)) {
    keyProblem(context, at, `Cannot use profile name "${shown(name)}": ${NAME_RULE}`);
  }
  const entry = mapAt(context, value, at);
  checkKeys(context, entry, PROFILE_KEYS, at);
  const base = imageName(context, 'base', entry.base, [...at, 'base']);
  const kernel = imageName(context, 'initrd', entry.kernel, [...at, 'kernel']);
  const overlays = listAt(context, entry.overlays, [...at, 'overlays']).flatMap((item, index) => {
    const overlay = imageName(context, 'overlay', item, [...at, 'overlays', index]);
    return overlay === undefined ? [] : [overlay];
  });
  checkBases(context, at, overlays, base);
  return {
    name,
    overlays,
    arguments: readArguments(context, entry.arguments, [...at, 'arguments']),
    nodes: listAt(context, entry.nodes, [...at, 'nodes']).flatMap((item, index) =>
      readNode(context, name, item, [...at, 'nodes', index]),
    ),
    place: context.file.place(at),
    ...(base === undefined ? {} : { base }),
    ...(kernel === undefined ? {} : { kernel }),
  };
}

function readDefault(context: Context, profiles: readonly ProfileConfig[]): string | undefined {
  const value = context.file.values.default;
  if (value === undefined || value === null) return undefined;
  const images = context.images?.filter(({ kind }) => kind !== 'initrd') ?? [];
  const names = new Set([...profiles, ...images].map(({ name }) => name));
  if (typeof value === 'string' && context.images === undefined) return value;
  if (typeof value === 'string' && names.has(value)) return value;
  const hint = typeof value === 'string' ? didYouMean(value, names) : undefined;
  problem(
    context,
    ['default'],
    `Cannot use default "${shown(value)}": there is no such profile`,
    hint ?? `profiles: ${[...names].sort().join(', ')}`,
  );
  return undefined;
}

/** Name of an image of one kind, checked to exist. */
function imageName(
  context: Context,
  kind: ImageKind,
  value: unknown,
  at: Path,
): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && context.images === undefined) return value;
  const names = namesOfKind(context.images ?? [], kind);
  if (typeof value === 'string' && names.includes(value)) return value;
  const hint = typeof value === 'string' ? didYouMean(value, names) : undefined;
  problem(
    context,
    at,
    `Cannot use ${wordOf(kind)} "${shown(value)}": no vars file makes ${withArticle(kind)} of that name`,
    hint ?? (names.length === 0 ? `onib new ${kind} <name>` : `there is: ${names.join(', ')}`),
  );
  return undefined;
}

/** Overlays hold what changed over one base: over another they would not fit. */
function checkBases(
  context: Context,
  at: Path,
  overlays: readonly string[],
  base: string | undefined,
): void {
  for (const [index, name] of overlays.entries()) {
    const image = findImage(context.images ?? [], 'overlay', name);
    const wanted = base ?? baseOf(context, overlays[0]);
    if (image?.base === undefined || wanted === undefined || image.base === wanted) continue;
    problem(
      context,
      [...at, 'overlays', index],
      `Cannot use overlay "${name}" here: it is made over base "${image.base}", and this profile has base "${wanted}"`,
    );
  }
}

function baseOf(context: Context, overlay: string | undefined): string | undefined {
  return findImage(context.images ?? [], 'overlay', overlay)?.base;
}

function readArguments(context: Context, value: unknown, at: Path): string[] {
  return listAt(context, value, at).flatMap((item, index) =>
    readArgument(context, item, [...at, index]),
  );
}

function readArgument(context: Context, value: unknown, at: Path): string[] {
  const so =
    typeof value !== 'string'
      ? 'expected text'
      : /\s/.test(value)
        ? 'an argument has no spaces: write a list entry for each'
        : !ARGUMENT.test(value)
          ? 'it holds a character that a boot script or the kernel would take apart'
          : isServerWord(value)
            ? 'the boot server writes this one itself'
            : undefined;
  if (so === undefined) return [value as string];
  problem(context, at, `Cannot use kernel argument "${shown(value)}": ${so}`);
  return [];
}

function readNode(context: Context, profile: string, value: unknown, at: Path): string[] {
  if (typeof value !== 'string' || !MAC.test(value)) {
    const so = `Cannot use node "${shown(value)}": expected a MAC address`;
    problem(context, at, so, "such as '52:54:00:12:34:56'");
    return [];
  }
  const node = value.toLowerCase().replaceAll('-', ':');
  const owner = context.owners.get(node);
  if (owner !== undefined) {
    problem(context, at, `Cannot use node "${node}" here: profile "${owner}" has it already`);
    return [];
  }
  context.owners.set(node, profile);
  return [node];
}

function checkKeys(
  context: Context,
  map: Readonly<Record<string, unknown>>,
  known: readonly string[],
  at: Path,
): void {
  for (const key of Object.keys(map).filter((one) => !known.includes(one))) {
    keyProblem(
      context,
      [...at, key],
      `Cannot use key "${shown(key)}": expected ${known.join(', ')}`,
      didYouMean(key, known),
    );
  }
}

function mapAt(context: Context, value: unknown, at: Path): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  problem(
    context,
    at,
    `Cannot use ${String(at.at(-1))} "${shown(value)}": expected keys and values`,
  );
  return {};
}

function listAt(context: Context, value: unknown, at: Path): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  problem(
    context,
    at,
    `Cannot use ${String(at.at(-1))} "${shown(value)}": expected a list`,
    `${String(at.at(-1))}: [${shown(value)}]`,
  );
  return [];
}

function problem(context: Context, at: Path, message: string, hint?: string): void {
  context.problems.push(configProblem('PROFILE', message, context.file.valuePlace(at), hint));
}

function keyProblem(context: Context, at: Path, message: string, hint?: string): void {
  context.problems.push(configProblem('PROFILE', message, context.file.place(at), hint));
}
