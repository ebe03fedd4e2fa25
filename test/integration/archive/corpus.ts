/**
 * A tree with every kind of file, name and attribute that an archive may meet, made by the ordinary
 * tools; and what such a tree looks like, as text, told by the ordinary tools.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { run } from '../../../src/host/run.js';

/**
 * Made in the current directory; `$1` is `reversed` to create the same tree in another order, and
 * `layered` on an overlayfs, which makes its own marks for what is deleted and replaced, and nobody else's.
 */
export const CORPUS = String.raw`
set -eu
umask 022
directory() { mkdir -p "$1"; chmod "$2" "$1"; }
binary() { # a repeatable binary of $2 bytes that does not compress well
  head -c "$2" /dev/zero | openssl enc -aes-128-ctr -K 00 -iv "$(printf %032x "$2")" >"$1" 2>/dev/null
}
text() { yes "a line of text, number $2" | head -c "$2" >"$1"; }
parts='files links names special attributes many sparse deep'
[ "$1" = reversed ] && parts='deep sparse many attributes special names links files'
for part in $parts; do
  directory $part 755
  case $part in
  files)
    : >files/empty
    echo small >files/small
    text files/one-block 131072
    text files/block-and-a-bit 131073
    text files/block-less-a-bit 131071
    binary files/binary 700000
    cp files/binary files/same-content
    text files/text 1000000
    for number in 1 2 3 4 5 6 7 8 9; do binary files/tail-$number $((20000 * number)); done
    cp files/tail-3 files/tail-3-again
    echo suid >files/setuid; chown 1000:1001 files/setuid; chmod 4755 files/setuid
    echo sgid >files/setgid; chown 0:4294967294 files/setgid; chmod 2711 files/setgid
    echo none >files/no-permissions; chmod 000 files/no-permissions
    directory files/sticky 1777
    directory files/setgid-directory 2775
    directory files/empty-directory 700
    ;;
  links)
    directory links/a 755; directory links/b 755; directory links/b/c 755
    text links/a/first 300000
    ln links/a/first links/b/second
    ln links/a/first links/b/c/third
    : >links/empty-one; ln links/empty-one links/b/empty-two
    ln -s ../a/first links/b/symlink
    ln -s /nowhere links/dangling
    ln -s . links/loop
    ln -s "$(printf 'target-\377\n-%0200d' 0)" links/odd-target
    ;;
  names)
    touch "names/$(printf 'x%.0s' $(seq 255))"
    touch "names/$(printf '\377\376\200')" "names/$(printf 'new\nline')" "names/$(printf 'tab\tand space ')"
    touch names/ü names/日本 names/😀 'names/back\slash' 'names/\041' names/-dash 'names/a=b' 'names/# file: x'
    touch names/. names/... names/..a 'names/*' "names/'" 'names/"' names/TRAILER!!!
    ;;
  special)
    mknod special/null c 1 3; chmod 666 special/null
    [ "$1" = layered ] || mknod special/whiteout c 0 0
    mknod special/disk b 8 17
    mknod special/large-numbers c 511 1048575
    mkfifo special/fifo
    chmod 640 special/fifo
    ln special/null special/null-again
    ;;
  attributes)
    echo x >attributes/capability; setcap cap_net_raw,cap_net_admin+ep attributes/capability
    echo x >attributes/user
    setfattr -n user.text -v 'a value' attributes/user
    setfattr -n user.empty attributes/user
    setfattr -n user.binary -v 0x00ff0a0d5c22 attributes/user
    setfattr -n user.long -v "$(printf 'v%.0s' $(seq 1500))" attributes/user
    setfattr -n 'user.na=me \ü' -v odd attributes/user
    for number in 1 2 3; do
      echo $number >attributes/shared-$number
      setfattr -n user.shared -v 'the same value for three' attributes/shared-$number
    done
    echo x >attributes/selinux; setfattr -n security.selinux -v system_u:object_r:etc_t:s0 attributes/selinux
    directory attributes/opaque 755; directory attributes/opaque/nested 755
    if [ "$1" != layered ]; then
      setfattr -n trusted.overlay.opaque -v y attributes/opaque
      setfattr -n trusted.overlay.opaque -v y attributes/opaque/nested
    fi
    ln -s nowhere attributes/symlink; setfattr -h -n trusted.on-a-link -v x attributes/symlink
    mkfifo attributes/fifo; setfattr -n trusted.on-a-fifo -v x attributes/fifo
    mknod attributes/device c 5 1; setfattr -n trusted.on-a-device -v x attributes/device
    ;;
  many)
    numbers=$(seq 1 1700)
    [ "$1" = reversed ] && numbers=$(seq 1700 -1 1)
    for number in $numbers; do echo "content of $number" >"many/file-with-a-rather-long-name-$number"; done
    ;;
  sparse)
    truncate -s 3M sparse/hole-only
    text sparse/around 140000; truncate -s 2M sparse/around; echo end >>sparse/around
    truncate -s 131000 sparse/small-hole
    ;;
  deep)
    path=deep
    for level in $(seq 1 60); do path=$path/level-$level; done
    mkdir -p $path; echo bottom >$path/file
    directory deep/kind 755
    ;;
  esac
done
chown 33:44 links/b/symlink -h
find . -exec touch -h -d @1700000000 {} +
touch -d @5000000000 files/after-2106
touch -d @4000000000 files/after-2038
touch -d @-1000000 files/before-1970
touch -h -d '@1600000000.987654321' links/dangling
touch -d '@1600000000.987654321' files/small
touch -d @1500000000 files
touch -d @1400000000 .
`;

/** Fills an empty directory; the order of its entries differs with `order`. */
export async function makeCorpus(
  directory: string,
  order: 'forwards' | 'reversed' = 'forwards',
): Promise<void> {
  await run(['bash', '-c', CORPUS, 'corpus', order], { cwd: directory });
  // Only a program that binds it makes a socket.
  const socket = `require('net').createServer().listen('special/socket', () => process.exit())`;
  const keep = `process.on('exit', () => {})`;
  await run([process.execPath, '-e', `${keep};${socket}`], { cwd: directory });
  await run(['touch', '-d', '@1700000000', 'special/socket', 'special'], { cwd: directory });
}

const SNAPSHOT = String.raw`
set -eu
export LC_ALL=C
find . -print0 | xargs -0 stat --printf 'S%n\037%f\037%u\037%g\037%Y\037%s\037%t:%T\037%h\037%i\0'
find . -type f -size -2G -print0 | xargs -0r sha256sum -z | sed -z 's/^\([0-9a-f]*\)  \(.*\)$/H\2\x1f\1/'
find . -type l -printf 'L%p\037%l\0'
find . -print0 | xargs -0 getfattr -h -d -m - -e hex | tr '\n' '\0'
`;

export interface SnapshotOptions {
  /** Leave out how names are linked: the tool that unpacked does not link. */
  readonly noLinks?: boolean;
  /** Leave out extended attributes. */
  readonly noXattrs?: boolean;
  /** Times as they are, not cut to what 32 bits without sign hold. */
  readonly wholeTimes?: boolean;
  /** A command line that runs before, in the same mount namespace, e.g. a mount. */
  readonly before?: string;
}

/**
 * Every path with its type, mode, owner, time, size, content, device, links and attributes; one line
 * each, in order. A directory's size and link count
 * are the filesystem's own business.
 */
export async function snapshot(
  directory: string,
  options: SnapshotOptions = {},
): Promise<string[]> {
  const script = `set -eu; ${options.before ?? ''}\ncd "$1"\n${SNAPSHOT}`;
  const argv = ['unshare', '--mount', '--propagation', 'private', 'bash', '-c', script, 'snapshot'];
  const text = await runLatin1([...argv, directory]);
  const facts = new Map<string, string[]>();
  const groups = new Map<string, string[]>();
  let attributesOf: string | undefined;
  for (const record of text.split('\0')) {
    if (record.startsWith('# file: ')) attributesOf = unescape(record.slice('# file: '.length));
    else if (record === '') attributesOf = undefined;
    else if (attributesOf !== undefined) {
      if (options.noXattrs !== true) facts.get(fromDot(attributesOf))?.push(record);
    } else {
      const [name = '', ...fields] = record.slice(1).split('\x1f');
      if (record.startsWith('S')) facts.set(name, statFacts(name, fields, groups, options));
      else facts.get(name)?.push(...fields);
    }
  }
  for (const names of groups.values()) {
    if (names.length < 2 || options.noLinks === true) continue;
    const linked = `linked: ${names.sort().join(' ')}`;
    for (const name of names) facts.get(name)?.push(linked);
  }
  return [...facts].map(([name, fields]) => [name, ...fields].join(' | ')).sort();
}

function fromDot(name: string): string {
  return name === '.' || name.startsWith('./') ? name : `./${name}`;
}

function statFacts(
  name: string,
  fields: string[],
  groups: Map<string, string[]>,
  options: SnapshotOptions,
): string[] {
  const [mode = '', uid = '', gid = '', time = '', size = '', device = '', , inode = ''] = fields;
  const type = Number.parseInt(mode, 16) & 0o170000;
  const isDirectory = type === 0o040000;
  if (!isDirectory) groups.set(inode, [...(groups.get(inode) ?? []), name]);
  const clamped = Math.min(Math.max(Number(time), 0), 0xffffffff);
  const seconds = options.wholeTimes === true ? Number(time) : clamped;
  return [
    mode,
    `${uid}:${gid}`,
    `@${String(seconds)}`,
    isDirectory ? 'directory' : size,
    type === 0o020000 || type === 0o060000 ? device : '-',
  ];
}

function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** `run` gives text as UTF-8; names here are bytes. */
async function runLatin1(argv: readonly string[]): Promise<string> {
  const { stdout } = await run([
    'sh',
    '-c',
    '"$@" | od -An -v -tx1 | tr -d " \\n"',
    'latin1',
    ...argv,
  ]);
  return Buffer.from(stdout, 'hex').toString('latin1');
}

export async function sha256File(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
