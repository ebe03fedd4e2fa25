/**
 * Patterns that leave paths out of an archive.
 *
 * A pattern is matched against the whole path, relative to the tree, without a leading slash:
 *   `*` any bytes within one name · `?` one byte · `[a-z]` one byte of a set, `[!a-z]` one outside it
 *   `**` any number of whole names, none included · `\x` the character x itself
 * What matches is left out with everything below it: `var/cache/apt` drops the directory,
 * `var/cache/apt/*` only what it holds, `**`+`/*.pyc` every such file.
 */
import { OnibError, EXIT } from '../../core/errors.js';
import { byteString, type ByteString } from '../../core/byte-string.js';

export type Exclusion = (path: ByteString) => boolean;

/** @throws {OnibError} `BAD_PATTERN` (exit 2) for a pattern that cannot be read. */
export function compileExclusion(patterns: readonly string[]): Exclusion {
  if (patterns.length === 0) return () => false;
  const expressions = patterns.map(compilePattern);
  return (path) => expressions.some((expression) => expression.test(path));
}

function compilePattern(pattern: string): RegExp {
  try {
    return new RegExp(`^${patternSource(pattern)}$`, 's');
  } catch (error) {
    // `[z-a]` is the one thing that only the engine finds.
    if (error instanceof SyntaxError) throw badPattern(pattern);
    throw error;
  }
}

function patternSource(pattern: string): string {
  const segments = byteString(pattern)
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  if (segments.length === 0 || segments.includes('..')) throw badPattern(pattern);
  let source = '';
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === '**') source += last ? '.+' : '(?:[^/]+/)*';
    else source += segmentSource(segment, pattern) + (last ? '' : '/');
  });
  return source;
}

function segmentSource(segment: ByteString, pattern: string): string {
  let source = '';
  for (let at = 0; at < segment.length; at++) {
    const character = segment.charAt(at);
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = segment.indexOf(']', at + 2);
      if (end < 0) throw badPattern(pattern);
      source += setSource(segment.slice(at + 1, end));
      at = end;
    } else if (character === '\\') {
      at++;
      if (at === segment.length) throw badPattern(pattern);
      source += literal(segment.charAt(at));
    } else source += literal(character);
  }
  return source;
}

function setSource(set: ByteString): string {
  const negated = set.startsWith('!') || set.startsWith('^');
  const members = (negated ? set.slice(1) : set).replace(/[\\[\]^]/g, '\\$&');
  return negated ? `[^/${members}]` : `(?!/)[${members}]`;
}

function literal(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\]/, '\\$&');
}

function badPattern(pattern: string): OnibError {
  return new OnibError('BAD_PATTERN', `Cannot exclude "${pattern}": the pattern cannot be read`, {
    hint: 'write paths relative to the tree; * and ? match within a name, ** across directories',
    exitCode: EXIT.usage,
  });
}
