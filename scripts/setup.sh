#!/usr/bin/env bash
# Everything that onib needs on a Debian machine (12 or 13) with Node 20 or later: Debian packages, npm packages,
# the compiled program, and `onib` on the PATH. Run it as often as you like; what is there stays.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

say() { printf 'setup: %s\n' "$*"; }
die() {
  printf 'setup: %s\n' "$@" >&2
  exit 3
}

# --- Node -------------------------------------------------------------------------------------
command -v node >/dev/null || die 'Node 20 or later is needed, with npm; none was found on the PATH'
node_major=$(node -p 'process.versions.node.split(".")[0]')
((node_major >= 20)) || die "Node 20 or later is needed; this is $(node --version)"
command -v npm >/dev/null || die 'npm is needed beside node; none was found on the PATH'

# --- Debian packages --------------------------------------------------------------------------
command -v dpkg-query >/dev/null || die 'This is no Debian machine: onib builds with apt, dpkg and mmdebstrap'

# As root, or through sudo; else the user gets the exact line to run.
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die 'root is needed for Debian packages, and there is no sudo; run this as root, then set up again:' \
      "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  fi
}

installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

missing=()
while read -r package; do
  installed "$package" || missing+=("$package")
done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' debian-packages.txt)

# Daemons that come with a package must not start on a machine that only builds. Debian asks
# /usr/sbin/policy-rc.d, where 101 means "not allowed"; one that is there already stays in charge.
install_packages() {
  # shellcheck disable=SC2016 # the inner shell expands
  as_root bash -eu -c '
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
      trap "rm -f $policy" EXIT
      printf "#!/bin/sh\nexit 101\n" >$policy
      chmod 755 $policy
    fi
    export DEBIAN_FRONTEND=noninteractive
    install=(apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    # Package lists may be absent or too old to fetch from: then, and only then, refresh them.
    "${install[@]}" "$@" || { apt-get update && "${install[@]}" "$@"; }
  ' bash "$@"
}

if ((${#missing[@]} > 0)); then
  say "Debian packages: ${missing[*]}"
  install_packages "${missing[@]}"
fi

# --- npm packages -----------------------------------------------------------------------------
# No package needs its install script: koffi's binary is a package of its own.
if ! node scripts/npm-packages-fit.js; then
  say 'npm packages'
  npm ci --ignore-scripts --no-audit --no-fund
fi

# --- Compile ----------------------------------------------------------------------------------
newer() {
  find src boot-server test package.json tsconfig.json -newer dist/.built \
    \( -name '*.ts' -o -name package.json -o -name tsconfig.json \) -print -quit
}
if [[ ! -e dist/src/cli/main.js ]]; then
  # The compiler's own notes would make it believe that everything is written.
  rm -f dist/.built dist/.tsbuildinfo
fi
if [[ ! -e dist/.built || -n $(newer) ]]; then
  say 'compile'
  npm run --silent build
fi

# --- onib on the PATH -------------------------------------------------------------------------
program=$root/dist/src/cli/main.js
if ((EUID == 0)); then link=/usr/local/bin/onib; else link=$HOME/.local/bin/onib; fi
if [[ $(readlink -- "$link" || true) != "$program" ]]; then
  [[ -L $link || ! -e $link ]] || die "Cannot link $link: a file that is not ours is there"
  mkdir -p "${link%/*}"
  ln -sfn "$program" "$link"
  say "$link -> $program"
fi
case ":$PATH:" in
  *":${link%/*}:"*) ;;
  *) say "add ${link%/*} to your PATH:  export PATH=\"${link%/*}:\$PATH\"" ;;
esac
if ((EUID != 0)); then
  # shellcheck disable=SC2016 # the user's shell expands
  say 'for what takes root:  sudo env PATH="$PATH" onib …   (sudo alone may not find onib and node)'
fi
say 'everything is there'
