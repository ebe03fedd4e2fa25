/**
 * What runs at the far end: POSIX sh with coreutils, flock and rsync, and no onib. Each script answers in lines
 * that begin with `onib `; a login shell may say other things.
 *
 *   <store>/incoming/<64 hex digits>   objects on their way; a name in `objects` always stands for a whole one
 *   <store>/incoming/<release id>/     the release's directory on its way
 *   <store>/push.lock                  held by whoever writes below `incoming`; what is left of a push that was killed
 *                                      holds it for a moment
 *
 * Several pushes may have something on its way: each takes away what is its own.
 *
 * Every script is one function, called at its end: sh has read all of it before anything happens, so that a
 * connection that breaks off leaves no half of a script behind.
 */
import path from 'node:path';
import { PROFILES_FILE } from '../../contract/names.js';
import { shellWord } from '../../host/shell-words.js';

/**
 * No other push writes, and gc, builds and switches of that store wait, while this runs. A process that ends gives
 * its locks back one by one, `lock` perhaps last: the next push must not take what is left of it for a build.
 */
const TAKE_LOCKS = `
  exec 9>>push.lock; flock -w 30 9 || { echo 'onib busy another push'; return; }
  exec 8>>lock; flock -w 3 8 || { echo "onib busy $(cat lock)"; return; }
  exec 7>>switch.lock; flock -w 30 7 || { echo "onib busy $(cat switch.lock)"; return; }
  echo "onib push, process $$, since $(date -u +%Y-%m-%dT%H:%M:%SZ)" | tee lock >switch.lock`;

function script(directory: string, body: string): string {
  return `onib_push() {\n  umask 022\n  dir=${shellWord(directory)}${body}\n}\nonib_push </dev/null\n`;
}

/** What is there: releases, the current one, objects of these (64 hex digits each), free space. Makes the directories. */
export function surveyScript(directory: string, objects: readonly string[]): string {
  return script(
    directory,
    `
  for tool in rsync flock sha256sum base64; do
    command -v $tool >/dev/null || { echo "onib lacks $tool"; return; }
  done
  if [ -d "$dir" ] && [ ! -d "$dir/objects" ] && [ ! -d "$dir/releases" ] &&
     [ -n "$(ls -A "$dir" | grep -vx -e lost+found -e incoming -e push.lock -e ${PROFILES_FILE})" ]; then
    echo 'onib foreign'; return
  fi
  mkdir -p "$dir/objects" "$dir/releases" && cd "$dir" || return
  exec 9>>push.lock; flock -w 30 9 || { echo 'onib busy another push'; return; }
  mkdir -p incoming || return
  for name in . objects releases incoming held lock switch.lock push.lock; do
    [ ! -e $name ] || [ -w $name ] || { echo "onib readonly $name"; return; }
  done
  if [ -e current ] && [ ! -h current ]; then echo 'onib current-broken'; return; fi
  df -Pk . | { read -r _; read -r _ _ _ free _; echo "onib free $free"; }
  for hex in ${objects.join(' ')}; do
    [ ! -f objects/$hex ] || echo "onib has $hex $(stat -c %s objects/$hex)"
    [ ! -f incoming/$hex ] || echo "onib part $hex $(stat -c %s incoming/$hex)"
  done
  for release in releases/*/; do
    [ -d "$release" ] || continue
    created=$(grep -o '"created": *"[^"]*"' "$release/manifest.json" | head -n 1 | cut -d '"' -f 4)
    echo "onib release $(basename "$release") $created"
  done
  [ ! -h current ] || echo "onib current $(readlink current)"
  [ ! -d current/ ] || echo "onib manifest $(base64 -w 0 current/manifest.json)"
  [ ! -f rolled-back.json ] || echo "onib rolled-back $(base64 -w 0 rolled-back.json)"`,
  );
}

export interface Install {
  readonly directory: string;
  readonly id: string;
  /** 64 hex digits of its manifest. */
  readonly manifest: string;
  /** 64 hex digits each. */
  readonly objects: readonly string[];
  /** Why it is not current, where it was not there before and does not become current. */
  readonly held: string;
  /** Absent: no switch. */
  readonly switching?: Switching;
}

export interface Switching {
  /** What `current` must still link to: `releases/<id>`; empty: it must not be there. */
  readonly from: string;
  /** Text of rolled-back.json; absent: nobody went back. */
  readonly rolledBack?: string;
}

/** Checks every object by its digest, gives them and the release their names, and switches `current` at last. */
export function installScript(install: Install): string {
  const { directory, id, manifest, objects, held, switching } = install;
  const name = shellWord(id);
  const hexes = objects.join(' ');
  return script(
    directory,
    `
  cd "$dir" || return${TAKE_LOCKS}
  bad=
  if [ -e releases/${name} ]; then place=releases; else place=incoming; fi
  sum=$(sha256sum $place/${name}/manifest.json)
  if [ "\${sum%% *}" != ${manifest} ]; then
    [ $place = incoming ] || { echo 'onib differs'; return; }
    echo 'onib bad incoming manifest.json'; bad=1
    rm -rf incoming/${name}
  fi
  for hex in ${hexes}; do
    if [ -f objects/$hex ]; then at=objects; elif [ -f incoming/$hex ]; then at=incoming
    else echo "onib gone $hex"; bad=1; continue; fi
    sum=$(sha256sum $at/$hex)
    [ "\${sum%% *}" != $hex ] || continue
    echo "onib bad $at $hex"; bad=1
    [ $at = objects ] || rm -f incoming/$hex
  done
  [ -z "$bad" ] || return
  for hex in ${hexes}; do
    [ -f objects/$hex ] || { chmod 644 incoming/$hex && sync incoming/$hex && mv incoming/$hex objects/$hex || return; }
  done
  sync objects || return
  onib_hold() { mkdir -p held && printf '%s\\n' "$1" >held/${name} && sync held/${name} held; }
  if [ $place = incoming ]; then
    sync incoming/${name}/manifest.json incoming/${name}/SHA256SUMS incoming/${name} || return
    # Never current is what it is until the switch, wherever this ends.
    onib_hold ${shellWord(held)} && mv -T incoming/${name} releases/${name} && sync releases || return
  fi${switching === undefined ? '' : switchLines(id, switching)}
  current=$(basename "$(readlink current)")
  [ "$current" != ${name} ] || rm -f held/${name}
  for hex in ${hexes}; do rm -f incoming/$hex; done
  rm -rf incoming/${name}
  rmdir incoming 2>/dev/null
  echo "onib done $current"`,
  );
}

/** As `onib activate` does it: what was gone back from counts from the switch on, since it names what is then current. */
function switchLines(id: string, { from, rolledBack }: Switching): string {
  const name = shellWord(id);
  const meanwhile = `onib_hold "while it was pushed, somebody switched to $(basename "$(readlink current)")"`;
  const check = `
  if [ "$(readlink current)" != ${shellWord(from)} ]; then
    [ $place = releases ] || ${meanwhile}
    echo "onib moved $(readlink current)"; return
  fi`;
  if (path.basename(from) === id) return check;
  const record =
    rolledBack === undefined
      ? ''
      : `
  printf '%s' ${shellWord(rolledBack)} >.new-rolled-back && sync .new-rolled-back &&
    mv -T .new-rolled-back rolled-back.json || return`;
  const forget = rolledBack === undefined ? '\n  rm -f rolled-back.json' : '';
  return `${check}${record}
  rm -f .next-current
  ln -s releases/${name} .next-current && mv -T .next-current current && sync . || return${forget}`;
}

/** rsync, as the end that receives starts it: it holds the lock of `incoming` for as long as it runs. */
export function receivingRsync(directory: string): string {
  const [lock, incoming] = ['push.lock', 'incoming'].map((name) =>
    shellWord(`${directory}/${name}`),
  );
  const take = `exec 9>>${lock}; flock -w 30 9 || { echo "onib busy" >&2; exit 75; }`;
  // Another push takes the empty directory away at its end.
  return `sh -c ${shellWord(`${take}; mkdir -p ${incoming}; exec rsync "$@"`)} rsync`;
}
