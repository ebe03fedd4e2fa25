#!/bin/sh
# Removes from the tree what provision_base's defaults name, and builds anew what depends on it.
# ONIB_REMOVE: globs; ONIB_CHARACTER_SETS: names of gconv modules to keep.
set -eu

# the globs are meant to be expanded
# shellcheck disable=SC2086
rm -rf --one-file-system -- $ONIB_REMOVE

# update-alternatives of packages that overlays install fails without them
for section in 1 2 3 4 5 6 7 8; do
	mkdir -p "/usr/share/man/man$section"
done

# an empty file means: already set up, and get a new id at every boot
: >/etc/machine-id

for modules in /usr/lib/*/gconv; do
	[ -d "$modules" ] || continue
	find "$modules" -name '*.so' | while read -r module; do
		name=${module##*/}
		case " $ONIB_CHARACTER_SETS " in
		*" ${name%.so} "*) ;;
		*) rm -f "$module" ;;
		esac
	done
done
# Libraries that only the character sets of East Asia used stay unused: libCNS, libGB, libJIS, libKSC
iconvconfig

if [ -x /usr/bin/systemd-hwdb ]; then
	systemd-hwdb update --usr
fi
