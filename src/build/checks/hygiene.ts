/** Checks what an artifact holds against the table of what no image may hold (policy/image-policy.ts). */
import { hash } from 'node:crypto';
import { displayName, type ByteString } from '../../core/byte-string.js';
import type { ArtifactContents, ContentEntry } from '../../archive/contents/with-contents.js';
import { shippedDigests } from '../../archive/contents/shipped-digests.js';
import { compileExclusion, type Exclusion } from '../../archive/tree/exclusion.js';
import { OnibError } from '../../core/errors.js';
import {
  IMAGE_POLICY,
  type CheckedKind,
  type HostTraces,
  type HygieneAllowed,
  type PolicyRow,
} from '../../policy/image-policy.js';
import { allowedBy } from './allowed.js';
import { taskName } from '../record/task-of-path.js';
import type { TimedTask } from '../record/task-times.js';

export interface HygieneFinding {
  readonly rule: PolicyRow;
  readonly path: ByteString;
  /** After the path. */
  readonly what: string;
  /** The task that made it, where that is known. */
  readonly task?: TimedTask;
}

interface CompiledRule {
  readonly rule: PolicyRow;
  readonly fits: Exclusion;
  readonly isAllowed: Exclusion;
}

/** Findings of one rule that are told one by one. */
const MOST_OF_A_RULE = 5;
/** dpkg's database repeats what packages say of themselves. */
const PACKAGE_RECORD = /^var\/lib\/dpkg\/(?:info\/|status$|available$)/;

/** MD5 digests, in hexadecimal, of files that Debian packages ship. */
export type Shipped = () => Promise<ReadonlySet<string>>;

/**
 * @param elsewhere Packages that files may be from and that the artifact itself does not list; asked only
 *   for what would be a finding.
 * @returns findings in byte order of their paths; not those that are allowed.
 */
export async function findUnclean(
  contents: ArtifactContents,
  kind: CheckedKind,
  host: HostTraces,
  allowed: readonly HygieneAllowed[] = [],
  elsewhere: readonly Shipped[] = [],
): Promise<HygieneFinding[]> {
  const policy: readonly PolicyRow[] = IMAGE_POLICY;
  const rules = policy
    .filter(({ kinds }) => kinds.includes(kind))
    .map((rule) => compiled(rule, allowed));
  const findings: HygieneFinding[] = [];
  const unread = new Map<ByteString, readonly CompiledRule[]>();
  for (const entry of contents.entries.values()) {
    const fitting = rules.filter(({ fits, isAllowed }) => {
      return fits(entry.path) && !isAllowed(entry.path);
    });
    const byContent: CompiledRule[] = [];
    for (const one of fitting) {
      const { rule } = one;
      if (rule.anyKind === true) {
        if (!isWhiteout(entry) && !belowFinding(entry.path, rule, findings)) {
          findings.push({ rule, path: entry.path, what: rule.what });
        }
      } else if (entry.kind === 'file' && entry.size > 0) {
        if (rule.finds === undefined) findings.push({ rule, path: entry.path, what: rule.what });
        else byContent.push(one);
      }
    }
    if (byContent.length > 0) unread.set(entry.path, byContent);
  }
  const traces: Trace[] = [];
  for await (const { path, bytes } of contents.files((name) => unread.has(name))) {
    const content = await wholeOf(bytes);
    for (const { rule } of unread.get(path) ?? []) {
      const found = rule.finds?.(content, host);
      if (found === undefined) continue;
      const finding = { rule, path, what: found === '' ? rule.what : found };
      if (rule.isTrace !== true) findings.push(finding);
      else if (!PACKAGE_RECORD.test(path)) traces.push({ finding, md5: hash('md5', content) });
    }
  }
  findings.push(...(await ofTheBuild(traces, [() => shippedDigests(contents), ...elsewhere])));
  return findings.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

interface Trace {
  readonly finding: HygieneFinding;
  /** Of the whole file. */
  readonly md5: string;
}

/**
 * Without files that a package ships in just these bytes: programs mention all kinds of names and paths. The bytes
 * count, not the path: package scripts copy files (ucf(1)), and an initrd has them in other places.
 */
async function ofTheBuild(
  traces: readonly Trace[],
  shipped: readonly Shipped[],
): Promise<HygieneFinding[]> {
  let left = traces;
  for (const digests of shipped) {
    if (left.length === 0) break;
    const known = await digests();
    left = left.filter(({ md5 }) => !known.has(md5));
  }
  return left.map(({ finding }) => finding);
}

function compiled(rule: PolicyRow, allowed: readonly HygieneAllowed[]): CompiledRule {
  return {
    rule,
    fits: compileExclusion(rule.paths),
    isAllowed: allowedBy(rule.name, allowed),
  };
}

/** A character device 0:0 deletes a name of the layer below. */
function isWhiteout({ kind, device }: ContentEntry): boolean {
  return kind === 'character' && device?.major === 0 && device.minor === 0;
}

function belowFinding(
  path: ByteString,
  rule: PolicyRow,
  findings: readonly HygieneFinding[],
): boolean {
  return findings.some((one) => one.rule === rule && path.startsWith(`${one.path}/`));
}

async function wholeOf(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(pieces.length === 0 ? piece : Buffer.from(piece));
  return pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces);
}

/** A finding that does not end the build. */
export function hygieneWarning({ rule, path, what, task }: HygieneFinding): string {
  const made = task === undefined ? '' : `; made by ${taskName(task)}`;
  const allow = `hygiene_allow: [{ ${rule.name}: ${displayName(path)} }]`;
  return `/${displayName(path)} ${what}${made}; ${rule.cure}; where it is meant: ${allow}`;
}

/** What a finding's error is about: the artifact, and the file in which it can be allowed. */
export interface Unclean {
  readonly fileName: string;
  /** Relative to the project: `vars/base.yml`. */
  readonly varsFile: string;
}

/** `HYGIENE` for each finding; of many findings of one rule, for the first ones. */
export function hygieneErrors(
  findings: readonly HygieneFinding[],
  { fileName, varsFile }: Unclean,
): OnibError[] {
  return IMAGE_POLICY.flatMap((rule: PolicyRow) => {
    const ofRule = findings.filter((one) => one.rule === rule);
    return ofRule.slice(0, MOST_OF_A_RULE).map(({ path, what, task }, index) => {
      const name = displayName(path);
      const more = ofRule.length - MOST_OF_A_RULE;
      const isLast = index === MOST_OF_A_RULE - 1 && more > 0;
      return new OnibError('HYGIENE', `Cannot keep "${fileName}": /${name} ${what}`, {
        ...(task?.where === undefined ? {} : { where: task.where }),
        details: [
          `rule: ${rule.name}`,
          ...(task === undefined ? [] : [`made by ${taskName(task)}`]),
          ...(isLast ? [`and ${String(more)} more paths of this rule`] : []),
        ],
        hint: `${rule.cure}; where it is meant, add to ${varsFile}: hygiene_allow: [{ ${rule.name}: ${name} }]`,
      });
    });
  });
}
