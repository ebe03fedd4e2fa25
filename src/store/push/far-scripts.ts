/**
 * What runs at the far end: POSIX sh with coreutils, flock and rsync, and no onib. Each script answers in lines
 * that begin with `onib `; a login shell may say other things.
 *
 *   <store>/incoming/<64 hex digits>   objects on their way; a name in `objects` always stands for a whole one
 *   <store>/incoming/<release id>/     the release's directory on its way
 *   <store>/push.lock                  held by whoever writes below `incoming`; what is left of a push that was killed
 *                                      holds it for a moment
 *
 * Every script is one function, called at its end: sh has read all of it before anything happens, so that a
 * connection that breaks off leaves no half of a script behind.
 */
import { shellWord } from '../../host/shell-words.js';

/** Nothing of another push is disturbed, and gc and builds of that store wait, while this runs. */
const TAKE_LOCKS = `
  exec 9>>push.lock; flock -w 30 9 || { echo 'onib busy another push'; return; }
  exec 8>>lock; flock -n 8 || { echo "onib busy $(cat lock)"; return; }
  exec 7>>switch.lock; flock -w 30 7 || { echo "onib busy $(cat switch.lock)"; return; }
  echo "onib push, process $$, since $(date -u +%Y-%m-%dT%H:%M:%SZ)" >lock`;

function script(directory: string, body: string): string {
  return `onib_push() {\n  umask 022\n  dir=${shellWord(directory)}${body}\n}\nonib_push </dev/null\n`;
}

/** What is there: current release, objects of these (64 hex digits each), free space. Makes the directories. */
export function surveyScript(directory: string, objects: readonly string[]): string {
  return script(
    directory,
    `
  for tool in rsync flock sha256sum cmp; do
    command -v $tool >/dev/null || { echo "onib lacks $tool"; return; }
  done
  if [ -d "$dir" ] && [ ! -d "$dir/objects" ] && [ ! -d "$dir/releases" ] &&
     [ -n "$(ls -A "$dir" | grep -vx -e lost+found -e incoming -e push.lock)" ]; then
    echo 'onib foreign'; return
  fi
  mkdir -p "$dir/objects" "$dir/releases" "$dir/incoming" && cd "$dir" || return
  for name in . objects releases incoming; do
    [ -w $name ] || { echo "onib readonly $name"; return; }
  done
  if [ -e current ] && [ ! -h current ]; then echo 'onib current-broken'; return; fi
  exec 9>>push.lock; flock -w 30 9 || { echo 'onib busy another push'; return; }
  df -Pk . | { read -r _; read -r _ _ _ free _; echo "onib free $free"; }
  for hex in ${objects.join(' ')}; do
    [ ! -f objects/$hex ] || echo "onib has $hex $(stat -c %s objects/$hex)"
    [ ! -f incoming/$hex ] || echo "onib part $hex $(stat -c %s incoming/$hex)"
  done
  [ ! -h current ] || echo "onib current $(readlink current)"
  echo 'onib manifest'
  cat current/manifest.json 2>/dev/null`,
  );
}

export interface Install {
  readonly directory: string;
  readonly id: string;
  /** 64 hex digits each. */
  readonly objects: readonly string[];
  /** What `current` must still name (`releases/<id>`, or nothing) for the switch; absent: no switch. */
  readonly switchFrom?: string;
}

/** Checks every object by its digest, gives them and the release their names, and switches `current` at last. */
export function installScript({ directory, id, objects, switchFrom }: Install): string {
  const name = shellWord(id);
  return script(
    directory,
    `
  cd "$dir" || return${TAKE_LOCKS}
  bad=
  for hex in ${objects.join(' ')}; do
    if [ -f objects/$hex ]; then at=objects; elif [ -f incoming/$hex ]; then at=incoming
    else echo "onib gone $hex"; bad=1; continue; fi
    sum=$(sha256sum $at/$hex)
    [ "\${sum%% *}" != $hex ] || continue
    echo "onib bad $at $hex"; bad=1
    [ $at = objects ] || rm -f incoming/$hex
  done
  [ -z "$bad" ] || return
  for hex in ${objects.join(' ')}; do
    [ -f objects/$hex ] || { chmod 644 incoming/$hex && sync incoming/$hex && mv incoming/$hex objects/$hex || return; }
  done
  sync objects || return
  if [ -e releases/${name} ]; then
    cmp -s releases/${name}/manifest.json incoming/${name}/manifest.json || { echo 'onib differs'; return; }
  else
    [ -f incoming/${name}/manifest.json ] || { echo 'onib gone manifest.json'; return; }
    sync incoming/${name}/manifest.json incoming/${name}/SHA256SUMS incoming/${name} || return
    mv -T incoming/${name} releases/${name} && sync releases || return
  fi${switchFrom === undefined ? '' : switchLines(name, switchFrom)}
  rm -rf incoming
  echo 'onib done'`,
  );
}

function switchLines(name: string, from: string): string {
  return `
  [ "$(readlink current)" = ${shellWord(from)} ] || { echo "onib moved $(readlink current)"; return; }
  rm -f .new-current rolled-back.json held/${name}
  ln -s releases/${name} .new-current && mv -T .new-current current && sync . || return`;
}

/** rsync, as the end that receives starts it: it holds the lock of `incoming` for as long as it runs. */
export function receivingRsync(directory: string): string {
  const lock = shellWord(`${directory}/push.lock`);
  const take = `exec 9>>${lock}; flock -w 30 9 || { echo "onib busy" >&2; exit 75; }; exec rsync "$@"`;
  return `sh -c ${shellWord(take)} rsync`;
}
