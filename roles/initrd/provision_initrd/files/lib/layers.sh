# shellcheck shell=dash
# Layers become directories and directories become a root: squashfs mounted, overlays unpacked each
# into its own tmpfs, all stacked with overlayfs, the last one on top, a fresh tmpfs above them.

ONIB_BIN="$ONIB_LIB/bin"

# The layers' own tmpfs: /run belongs to the booted system and is small.
onib_mount_store() {
	onib_is_mounted "$ONIB_RUN/files" && return 0
	onib_load loop squashfs overlay || return 1
	mount -t tmpfs -o "size=$(($(onib_available_memory) - ONIB_RESERVE / 2))k,mode=0700" onib-files \
		"$ONIB_RUN/files" || onib_fail memory "no tmpfs for the layers"
}

onib_is_mounted() {
	grep -q " $1 " "$ONIB_PROC/mounts"
}

# onib_load <module>...: modprobe knows which of them are built in.
onib_load() {
	for onib_module in "$@"; do
		modprobe -q "$onib_module" && continue
		onib_fail modules "cannot load \"$onib_module\" for kernel $(onib_running_kernel)"
		return 1
	done
}

onib_stack_layers() {
	onib_unstack
	onib_lower=''
	while read -r onib_number onib_name onib_format _; do
		onib_directory="$ONIB_RUN/layers/$onib_number-$onib_name"
		mkdir -p "$onib_directory"
		case $onib_format in
		squashfs) onib_mount_squashfs "$onib_name" "$ONIB_RUN/files/$onib_number" "$onib_directory" ;;
		*) onib_unpack_overlay "$onib_name" "$ONIB_RUN/files/$onib_number" "$onib_directory" ;;
		esac || return 1
		onib_lower="$onib_directory${onib_lower:+:$onib_lower}"
	done <"$ONIB_RUN/layer-list"
	onib_mount_root
}

# Leaves of an attempt before: newest first.
onib_unstack() {
	for onib_directory in $(cut -d ' ' -f 2 "$ONIB_PROC/mounts" | tac); do
		case $onib_directory in
		"${rootmnt:?}" | "$ONIB_RUN/writable" | "$ONIB_RUN"/layers/*) umount "$onib_directory" ;;
		esac
	done
}

# onib_mount_squashfs <name> <file> <directory>
onib_mount_squashfs() {
	# a loop device has whole sectors: the tail of an unpadded image would be cut off
	truncate -s $((($(onib_file_size "$2") + 4095) / 4096 * 4096)) "$2"
	mount -t squashfs -o ro,loop "$2" "$3" 2>"$ONIB_RUN/mount.error" ||
		onib_fail mount "layer $1: $(onib_last_line "$ONIB_RUN/mount.error")"
}

# onib_unpack_overlay <name> <file> <directory>
onib_unpack_overlay() {
	onib_check_unpack "$1" "$2" || return 1
	mount -t tmpfs -o "size=$(($(onib_available_memory) - ONIB_RESERVE / 2))k,mode=0755" "onib-$1" "$3" ||
		onib_fail memory "no tmpfs for overlay $1" || return 1
	onib_extract "$2" "$3" 2>"$ONIB_RUN/unpack.error" ||
		onib_fail unpack "overlay $1: $(onib_last_line "$ONIB_RUN/unpack.error")" || return 1
	onib_restore_xattrs "$1" "$3" || return 1
	onib_restore_directory_times "$2" "$3" 2>"$ONIB_RUN/unpack.error" ||
		onib_fail unpack "overlay $1: $(onib_last_line "$ONIB_RUN/unpack.error")"
}

# onib_extract <file.gz> <directory> [<option>...]: GNU cpio, whose hard links, owners and device
# nodes are right.
onib_extract() {
	onib_archive=$1
	onib_into=$2
	shift 2
	rm -f "$ONIB_RUN/gzip.failed"
	{ gzip -dc "$onib_archive" || : >"$ONIB_RUN/gzip.failed"; } |
		(cd "$onib_into" && "$ONIB_BIN/cpio" -idmu --quiet "$@") || return 1
	[ ! -e "$ONIB_RUN/gzip.failed" ]
}

# onib_restore_directory_times <file.gz> <directory>: cpio sets a directory's time when it makes it,
# and what comes into it changes that. Taking out the directories once more, and nothing else, mends it.
onib_restore_directory_times() {
	(cd "$2" && find . -type d) | sed 's/[][*?\\]/\\&/g; p; s,^[.]/,,' >"$ONIB_RUN/directories"
	onib_extract "$1" "$2" -E "$ONIB_RUN/directories" || return 1
	onib_restore_top "$1" "$2" && onib_restore_times "$2"
}

# onib_restore_top <file.gz> <directory>: cpio leaves "." as it is. When it is the first entry, its
# newc header (magic, inode, mode, uid, gid, nlink, mtime: 6 and then 8 hex digits each) tells.
onib_restore_top() {
	onib_header=$(gzip -dc "$1" 2>/dev/null | head -c 111 | tr -d '\000')
	[ "$(echo "$onib_header" | cut -c 95-102,111)" = 00000002. ] || return 0
	onib_mode=$((0x$(echo "$onib_header" | cut -c 15-22) & 07777))
	chown "$((0x$(echo "$onib_header" | cut -c 23-30))):$((0x$(echo "$onib_header" | cut -c 31-38)))" "$2"
	chmod "$(printf %o "$onib_mode")" "$2"
	touch -d "@$((0x$(echo "$onib_header" | cut -c 47-54)))" "$2"
}

# onib_restore_xattrs <name> <directory>: .onib/xattrs is in getfattr's dump form, names from the root
# of the tree.
onib_restore_xattrs() {
	[ -d "$2/.onib" ] || return 0
	if [ -s "$2/.onib/xattrs" ]; then
		onib_supported_xattrs "$1" "$2" >"$ONIB_RUN/xattrs"
		(cd "$2" && "$ONIB_BIN/setfattr" -h --restore="$ONIB_RUN/xattrs") 2>"$ONIB_RUN/xattrs.error" ||
			onib_fail xattrs "overlay $1: $(onib_last_line "$ONIB_RUN/xattrs.error")" || return 1
	fi
	rm -f "$ONIB_RUN/times"
	[ ! -f "$2/.onib/times" ] || cp "$2/.onib/times" "$ONIB_RUN/times"
	rm -rf "$2/.onib"
}

# onib_restore_times <directory>: lines "<seconds> <path>" of what was .onib/times: times that cpio has no
# digits for, and those of symbolic links. Equal times follow each other: one touch sets many.
onib_restore_times() {
	[ -s "$ONIB_RUN/times" ] || return 0
	# printf takes bytes as \0ooo
	sed 's/\\/\\0/g' "$ONIB_RUN/times" >"$ONIB_RUN/times.escaped"
	rm "$ONIB_RUN/times"
	(
		cd "$1" || exit 1
		onib_time=''
		set --
		while read -r onib_next onib_name; do
			if [ "$onib_next" != "$onib_time" ] || [ $# -ge 100 ]; then
				[ $# = 0 ] || touch -h -c -d "@$onib_time" "$@" || exit 1
				onib_time=$onib_next
				set --
			fi
			case $onib_name in
			# the x keeps newlines at the end of a name
			*\\*) onib_name=$(printf '%bx' "$onib_name") && onib_name=${onib_name%x} ;;
			esac
			set -- "$@" "./$onib_name"
		done <"$ONIB_RUN/times.escaped"
		[ $# = 0 ] || touch -h -c -d "@$onib_time" "$@"
	)
}

# onib_supported_xattrs <name> <directory>: the dump, with names below the current directory. tmpfs
# keeps user.* attributes since Linux 6.6 only; before that they are left out, and the console says so.
onib_supported_xattrs() {
	sed 's,^# file: /*,# file: ./,' "$2/.onib/xattrs" >"$ONIB_RUN/xattrs.all"
	if grep -q '^user[.]' "$ONIB_RUN/xattrs.all" &&
		! "$ONIB_BIN/setfattr" -n user.onib -v 1 "$2/.onib" 2>/dev/null; then
		onib_say "overlay $1: kernel $(onib_running_kernel) keeps no user.* attributes in memory: left out"
		grep -v '^user[.]' "$ONIB_RUN/xattrs.all"
	else
		cat "$ONIB_RUN/xattrs.all"
	fi
}

onib_mount_root() {
	onib_writable="$ONIB_RUN/writable"
	mkdir -p "$onib_writable"
	mount -t tmpfs -o "size=${onib_tmpfs:-50%},mode=0755" onib-writable "$onib_writable" ||
		onib_fail stack "onib.tmpfs=${onib_tmpfs:-50%} is refused" || return 1
	mkdir "$onib_writable/upper" "$onib_writable/work"
	onib_copy_root_attributes "${onib_lower%%:*}" "$onib_writable/upper"
	mount -t overlay -o "lowerdir=$onib_lower,upperdir=$onib_writable/upper,workdir=$onib_writable/work" \
		onib-root "${rootmnt:?}" 2>"$ONIB_RUN/mount.error" ||
		onib_fail stack "$(onib_last_line "$ONIB_RUN/mount.error")"
}

# The root directory of an overlayfs shows what its top directory has.
onib_copy_root_attributes() {
	chmod "$(stat -c %a "$1")" "$2"
	chown "$(stat -c %u:%g "$1")" "$2"
	touch -r "$1" "$2"
}

onib_check_init() {
	for onib_directory in dev proc run sys; do
		[ -d "${rootmnt:?}/$onib_directory" ] ||
			onib_fail init "the stacked system has no directory /$onib_directory" || return 1
	done
	run-init -n "$rootmnt" "${onib_init:-/sbin/init}" 2>"$ONIB_RUN/init.error" ||
		onib_fail init "${onib_init:-/sbin/init}: $(onib_last_line "$ONIB_RUN/init.error")"
}
