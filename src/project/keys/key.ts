/** What onib knows of a key of group_vars and vars files, and the type of what a table of keys reads as. */
import type { ImageKind } from './kinds.js';
import type { ValueType } from './values.js';

/**
 * What a key's value counts for, and so where it stands among an image's inputs: for the tree before its
 * provisioners run, for what follows on them, or for nothing that is in the image.
 */
export type Shapes = 'tree' | 'rest' | 'nothing';

export interface Key<T> {
  readonly name: string;
  /** Other names of the same thing, most from on-imagebuilder. */
  readonly aliases: readonly string[];
  readonly type: ValueType<T>;
  /** Value where nobody sets one; it may follow from the architecture. */
  readonly standard?: T | ((architecture: string) => T);
  /** The standard value, or what is done without one, for the reference. */
  readonly default: string;
  readonly summary: string;
  /** A real value, as YAML. */
  readonly example: string;
  /**
   * Kinds of image whose vars file may hold it. Elsewhere it is an error, or for a `common` word
   * just a variable.
   */
  readonly kinds: readonly ImageKind[];
  readonly shapes: Shapes;
  readonly common?: true;
  /** Not a setting of images: only group_vars and hosts may hold it. */
  readonly projectOnly?: true;
  /** Roles find it among their variables with its standard value, where nobody set one. */
  readonly filledIn?: true;
}

export type KeyTable = Readonly<Record<string, Key<unknown>>>;

type ValueOf<K> = K extends { readonly type: ValueType<infer T> } ? T : never;

type Standard<Table> = {
  [Field in keyof Table]: Table[Field] extends { readonly standard: unknown } ? Field : never;
}[keyof Table];

/** What a table of keys reads as: a field per row, absent only where the row has no standard value. */
export type ValuesOf<Table> = {
  readonly [Field in Standard<Table>]: ValueOf<Table[Field]>;
} & {
  readonly [Field in Exclude<keyof Table, Standard<Table>>]?: ValueOf<Table[Field]>;
};

/** Names that mean `key`, its own first. */
export function namesOf(key: Key<unknown>): readonly string[] {
  return [key.name, ...key.aliases];
}

/** Rows of a table with the fields that their values have. */
export function rowsOf(table: KeyTable): [field: string, key: Key<unknown>][] {
  return Object.entries(table);
}
