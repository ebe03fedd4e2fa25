#!/usr/bin/env bash
# Runs shellcheck over every shell script of the project, found by its first line.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts=()
while IFS= read -r -d '' file; do
  read -r first <"$file" || true
  case "$first" in
    '#!'*bash* | '#!'*/sh | '#!'*/sh\ * | '#!'*dash*) scripts+=("$file") ;;
  esac
done 2>/dev/null < <(find . \( -path ./node_modules -o -path ./dist -o -path ./.git -o -path ./builds -o -path ./.cache -o -path ./coverage \) -prune \
  -o -type f ! -name '*.j2' -print0)

((${#scripts[@]} > 0)) || { echo 'no shell script was found' >&2; exit 1; }
# SC1091: sourced files of the initramfs exist in the initramfs only.
shellcheck --exclude=SC1091 "${scripts[@]}"
echo "${#scripts[@]} scripts"
