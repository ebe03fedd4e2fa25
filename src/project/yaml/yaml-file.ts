/**
 * One YAML file of a project, with the place of every key and list entry.
 *
 * vars files and group_vars are read as Ansible reads them (YAML 1.1 as PyYAML has it: `yes` is
 * true, `0644` is octal, `!unsafe` and `!vault` are known); boot-profiles.yml as YAML 1.2, in which
 * a MAC address such as 52:54:00:12:34:56 is text and not a number in base 60.
 */
import {
  LineCounter,
  parseDocument,
  isMap,
  isNode,
  isScalar,
  visit,
  type Document,
  type ScalarTag,
  type Tags,
  type YAMLError,
} from 'yaml';
import { EXIT, OnibError, type SourcePlace } from '../../core/errors.js';

export type YamlDialect = 'ansible' | 'onib';

export interface YamlFile {
  /** As errors name it, relative to the project. */
  readonly file: string;
  /** Top-level keys and values, as JSON values; vault and unsafe text in the form that Ansible's JSON has for it. */
  readonly values: Readonly<Record<string, unknown>>;
  /** It has mistakes of YAML, so that nothing can be said about its contents. */
  readonly broken: boolean;
  /** Place of the key or list entry at a path, else of the nearest that exists above it. */
  place(path?: readonly (string | number)[]): SourcePlace;
  /** Place of the value at a path. */
  valuePlace(path: readonly (string | number)[]): SourcePlace;
}

const BOOLEAN = 'tag:yaml.org,2002:bool';
const INTEGER = 'tag:yaml.org,2002:int';
const FLOAT = 'tag:yaml.org,2002:float';
const TIMESTAMP = 'tag:yaml.org,2002:timestamp';

/** PyYAML wants a dot in a float (`12e45` stays text) and a sign in its exponent. */
const PYYAML_EXPONENT = /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)[eE][-+][0-9]+$/;

/** `09` is text: no octal number, and no decimal one either. */
const PYYAML_DECIMAL = /^[-+]?(?:0|[1-9][0-9_]*)$/;

const PYYAML_TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const PYYAML_FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;

const ansibleTags: ScalarTag[] = [
  { tag: '!unsafe', resolve: (value) => ({ __ansible_unsafe: value }) },
  { tag: '!vault', resolve: (value) => ({ __ansible_vault: value }) },
  { tag: '!vault-encrypted', resolve: (value) => ({ __ansible_vault: value }) },
];

/** YAML 1.1 tags with PyYAML's differences from the letter of the specification. */
function pyYamlTags(tags: Tags): Tags {
  const changed = tags.flatMap((tag): Tags => {
    if (typeof tag !== 'object' || tag.collection !== undefined) return [tag];
    // Dates stay as they are written: Ansible prints them so.
    if (tag.tag === TIMESTAMP) return [];
    // y and n are words to PyYAML.
    if (tag.tag === BOOLEAN) {
      const isTrue = tag.test?.test('true') ?? false;
      return [{ ...tag, test: isTrue ? PYYAML_TRUE : PYYAML_FALSE }];
    }
    if (tag.tag === FLOAT && tag.format === 'EXP') return [{ ...tag, test: PYYAML_EXPONENT }];
    if (tag.tag === INTEGER && tag.format === undefined) return [{ ...tag, test: PYYAML_DECIMAL }];
    return [tag];
  });
  return [...changed, ...ansibleTags];
}

/**
 * Parses a file's text. Every mistake is pushed to `problems`; what could be read is returned all
 * the same, so that the mistakes of later checks are reported together with these.
 */
export function parseYamlFile(
  file: string,
  content: string,
  dialect: YamlDialect,
  problems: OnibError[],
): YamlFile {
  if (content.startsWith('$ANSIBLE_VAULT;')) {
    problems.push(encryptedFile(file));
    return { ...emptyYamlFile(file), broken: true };
  }
  const before = problems.length;
  const lines = new LineCounter();
  const document = parseDocument(content, {
    lineCounter: lines,
    prettyErrors: false,
    version: dialect === 'ansible' ? '1.1' : '1.2',
    ...(dialect === 'ansible' ? { customTags: pyYamlTags } : {}),
  });
  const placeAt = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(Math.min(offset, content.length));
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  for (const error of [...document.errors, ...document.warnings]) {
    problems.push(yamlProblem(file, error, placeAt(error.pos[0])));
  }
  if (document.errors.length === 0) checkContents(file, document, placeAt, problems);
  return {
    file,
    broken: problems.length > before,
    values: document.errors.length === 0 ? topLevel(document) : {},
    place: (path = []) => placeAt(keyOffset(document, path)),
    valuePlace: (path) => placeAt(valueOffset(document, path) ?? keyOffset(document, path)),
  };
}

/** An empty file, for one that does not exist. */
export function emptyYamlFile(file: string): YamlFile {
  const place = (): SourcePlace => ({ file });
  return { file, broken: false, values: {}, place, valuePlace: place };
}

function encryptedFile(file: string): OnibError {
  return new OnibError(
    'VAULT',
    `Cannot read "${file}": it is encrypted as a whole, and onib reads it before Ansible runs`,
    {
      where: { file },
      exitCode: EXIT.usage,
      hint: 'encrypt single values: ansible-vault encrypt_string; or a file of group_vars',
    },
  );
}

function yamlProblem(file: string, error: YAMLError, where: SourcePlace): OnibError {
  const [summary = ''] = error.message.split('\n');
  const message = summary.charAt(0).toLowerCase() + summary.slice(1);
  return new OnibError('YAML', `Cannot read "${file}": ${message}`, {
    where,
    exitCode: EXIT.usage,
    ...hintFor(error),
  });
}

function hintFor(error: YAMLError): { hint?: string } {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return { hint: 'keep one of the two' };
    case 'TAB_AS_INDENT':
      return { hint: 'indent with spaces' };
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return { hint: 'put a value that holds ": " or begins with "{{" in quotes' };
    default:
      return {};
  }
}

function checkContents(
  file: string,
  document: Document,
  placeAt: (offset: number) => SourcePlace,
  problems: OnibError[],
): void {
  const wrong = (offset: number, because: string, hint: string): void => {
    problems.push(
      new OnibError('YAML', `Cannot read "${file}": ${because}`, {
        where: placeAt(offset),
        exitCode: EXIT.usage,
        hint,
      }),
    );
  };
  const top = document.contents;
  if (top !== null && !isMap(top) && !(isScalar(top) && top.value === null)) {
    wrong(offsetOf(top) ?? 0, 'expected keys and values', 'write "key: value" lines');
  }
  visit(document, {
    // What Ansible gets travels as JSON, which would change such a number.
    Scalar(_key, node) {
      const { value } = node;
      if (typeof value !== 'number' || Number.isSafeInteger(value)) return;
      if (Number.isFinite(value) && !Number.isInteger(value)) return;
      const source = node.source ?? String(value);
      wrong(offsetOf(node) ?? 0, `the number ${source} cannot be passed on exactly`, 'quote it');
    },
  });
}

function topLevel(document: Document): Record<string, unknown> {
  const value: unknown = document.toJS({ maxAliasCount: 1000 });
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function valueOffset(document: Document, path: readonly (string | number)[]): number | undefined {
  return offsetOf(document.getIn(path, true));
}

/** Offset of the key at a path (of the entry itself in a list). */
function keyOffset(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const above = path.slice(0, length - 1);
    const parent: unknown = length === 1 ? document.contents : document.getIn(above, true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
      const offset = offsetOf(pair?.key);
      if (offset !== undefined) return offset;
    } else {
      const offset = valueOffset(document, path.slice(0, length));
      if (offset !== undefined) return offset;
    }
  }
  return offsetOf(document.contents) ?? 0;
}
