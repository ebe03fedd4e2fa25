/** Checks what an artifact holds against the table of what no image may hold (policy/image-policy.ts). */
import { displayName, type ByteString } from '../../core/byte-string.js';
import type { ArtifactContents, ContentEntry } from '../../archive/contents/with-contents.js';
import { compileExclusion, type Exclusion } from '../../archive/tree/exclusion.js';
import { OnibError } from '../../core/errors.js';
import type { AptSources } from '../../plan/sources.js';
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
/** Names that many hosts have, and many files hold. */
const COMMON_HOST_NAME =
  /^(?:.{0,3}|localhost|debian|ubuntu|linux|onib|host|node|server|build|test|root)$/;
/** Stands in many files; with a port it is a proxy of this host. */
const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\]):\d+$/;
/** Debian's own names stand in the packages' files, and are where a node's apt should look. */
const PUBLIC_MIRROR = /(?:^|\.)debian\.org$/;

/** @returns findings in byte order of their paths; not those that are allowed. */
export async function findUnclean(
  contents: ArtifactContents,
  kind: CheckedKind,
  host: HostTraces,
  allowed: readonly HygieneAllowed[] = [],
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
  for await (const { path, bytes } of contents.files((name) => unread.has(name))) {
    const content = await wholeOf(bytes);
    for (const { rule } of unread.get(path) ?? []) {
      const found = rule.finds?.(content, host);
      if (found !== undefined)
        findings.push({ rule, path, what: found === '' ? rule.what : found });
    }
  }
  return findings.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
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

/** What could be found of the host that builds. */
export interface HostFacts {
  readonly name: string;
  readonly project: string;
  /** Where trees are built, and what is mounted into them. */
  readonly places: readonly string[];
}

export function hostTraces(host: HostFacts, sources: AptSources): HostTraces {
  const addresses = [...sources.lines.flatMap((line) => line.split(' ')), sources.proxy ?? ''];
  const mirrors = addresses
    .map((address) => /^[a-z+]+:\/\/(?:[^\s/@]+@)?([^\s/]+)/.exec(address)?.[1] ?? '')
    .map((name) => (LOOPBACK.test(name) ? name : name.replace(/:\d+$/, '')))
    .filter((name) => !COMMON_HOST_NAME.test(name) && !PUBLIC_MIRROR.test(name));
  return {
    mirrors: [...new Set(mirrors)],
    ...(COMMON_HOST_NAME.test(host.name) ? {} : { hostName: host.name }),
    // A project in /root or /srv would find its name in every image.
    paths: [...host.places, ...(host.project.split('/').length > 2 ? [host.project] : [])],
  };
}
