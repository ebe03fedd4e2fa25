#!/usr/bin/env bash
# From nothing to a node that runs what onib built: set up this machine, build the default project,
# PXE-boot a virtual node from it on a private network, and say what came out of it.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS

heading() { printf '\n== %s\n' "$*"; }

# Building and booting take root.
onib() {
  if ((EUID == 0)); then
    node dist/src/cli/main.js "$@"
  else
    sudo env PATH="$PATH" node dist/src/cli/main.js "$@"
  fi
}

heading 'set-up'
scripts/setup.sh

heading 'build: kernel set, base image, overlay "discovery"'
onib build all

heading 'boot: a virtual node on a private network'
# A kernel sometimes trips over QEMU's emulation (docs/boot.md); any other failure ends the demo.
onib boot --until-ready --again 2

# What the user types. sudo looks for programs in directories of its own, so it is handed the PATH.
# shellcheck disable=SC2016 # the user's shell expands
if ((EUID == 0)); then typed=onib; else typed='sudo env PATH="$PATH" onib'; fi

heading 'what is there now'
onib status
cat <<TEXT

demo: $((SECONDS - started)) s from start to a node that is ready.

Next, on real machines, with eth1 as the NIC that they are on:
  $typed serve --interface eth1 --dhcp proxy
      the network has a DHCP server of its own
  $typed serve --interface eth1 --dhcp full --range 192.168.100.50-192.168.100.99
      it has none

And a project of your own:
  onib init ~/images && cd ~/images && onib new overlay hello
  $typed build overlay vars/hello.yml
TEXT
