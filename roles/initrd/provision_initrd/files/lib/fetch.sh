# shellcheck shell=dash
# Fetches layers: rotated sources, resumed transfers, size and digest checked.

# Attempts without a new byte before a layer is given up; waits grow to 15 seconds between them.
ONIB_FETCH_TRIES=8

# A transfer that brings less than this in that many seconds is ended, and another source asked.
ONIB_STALL_BYTES=65536
ONIB_STALL_SECONDS=15

onib_get_layers() {
	mkdir -p "$ONIB_RUN/files"
	onib_check_memory || return 1
	onib_mount_store || return 1
	onib_each_layer onib_fetch_layer || return 1
	onib_report fetch "$(onib_layer_names)"
	onib_each_layer onib_verify_layer || return 1
	onib_report verify "$(onib_layer_names)"
}

# onib_each_layer <command>: runs it with each layer's number, name, sha256 or -, bytes, and url or -.
onib_each_layer() {
	while read -r onib_number onib_name onib_format onib_sha onib_size onib_url; do
		onib_bad=0
		"$1" "$onib_number" "$onib_name" "$onib_sha" "$onib_size" "$onib_url" || return 1
	done <"$ONIB_RUN/layer-list"
}

# A layer is files/<number>.part while it comes, .whole when all of it is here, and files/<number> once
# its digest is known to be right.

# onib_fetch_layer <number> <name> <sha256 or -> <bytes> <url or ->: leaves it in files/<number>.whole.
onib_fetch_layer() {
	onib_file="$ONIB_RUN/files/$1"
	! onib_is_here "$1" || return 0
	onib_tries=0
	while [ "$onib_tries" -lt "$ONIB_FETCH_TRIES" ]; do
		onib_have=$(onib_file_size "$onib_file.part")
		# bytes that were wrong are asked of another source
		onib_from=$(onib_layer_url "$3" "$5" $((onib_tries + onib_bad)))
		onib_fetch_part "$2" "$onib_from" "$onib_file.part" "$4"
		if onib_is_whole "$4" "$onib_file.part"; then
			onib_bytes=$((onib_bytes + $(onib_file_size "$onib_file.part")))
			echo "$onib_from" >"$onib_file.from"
			mv "$onib_file.part" "$onib_file.whole"
			return 0
		fi
		# a transfer that moves forward may break as often as it likes
		[ "$(onib_file_size "$onib_file.part")" -le "$onib_have" ] || onib_tries=0
		onib_tries=$((onib_tries + 1))
		onib_pause $((onib_tries < 15 ? onib_tries : 15))
	done
	rm -f "$onib_file.part"
	onib_fail fetch "layer $2 from $onib_from: $onib_wget_error"
}

# onib_is_here <number>: all of the layer's bytes, checked or not.
onib_is_here() {
	[ -e "$ONIB_RUN/files/$1" ] || [ -e "$ONIB_RUN/files/$1.whole" ]
}

# onib_fetch_part <name> <url> <file> <bytes>: one transfer, from where the last one broke.
onib_fetch_part() {
	onib_at=$(onib_file_size "$3")
	[ "$4" -eq 0 ] || [ "$onib_at" -lt "$4" ] || return 0
	[ "$onib_at" -eq 0 ] || onib_say "fetch: $1: going on at byte $onib_at from $2"
	onib_wget "$2" "$3" -c && return 0
	onib_say "fetch: $1 from $2: $onib_wget_error"
	return 1
}

# onib_is_whole <bytes, 0: not known> <file>
onib_is_whole() {
	onib_at=$(onib_file_size "$2")
	if [ "$1" -eq 0 ]; then
		[ "$onib_at" -gt 0 ] && [ -z "$onib_wget_error" ]
		return
	fi
	[ "$onib_at" -lt "$1" ] || return 0
	[ -n "$onib_wget_error" ] || onib_wget_error="ended at byte $onib_at of $1"
	return 1
}

# onib_verify_layer <number> <name> <sha256 or -> <bytes> <url or ->: leaves it in files/<number>. No byte
# of a layer that is wrong can be trusted: it is fetched again, three times at most.
onib_verify_layer() {
	onib_file="$ONIB_RUN/files/$1"
	[ ! -e "$onib_file" ] || return 0
	until onib_is_right "$3" "$4" "$onib_file.whole"; do
		onib_from=$(cat "$onib_file.from")
		rm -f "$onib_file.whole"
		onib_bad=$((onib_bad + 1))
		[ "$onib_bad" -lt 4 ] || onib_fail digest "layer $2: $onib_wrong, last from $onib_from" || return 1
		onib_say "verify: $2 has $onib_wrong: fetching it again"
		onib_pause "$onib_bad"
		onib_fetch_layer "$@" || return 1
	done
	mv "$onib_file.whole" "$onib_file"
}

# onib_is_right <sha256 or -> <bytes> <file>: onib_wrong tells why it returned 1.
onib_is_right() {
	[ "$1" != - ] || return 0
	onib_at=$(onib_file_size "$3")
	[ "$onib_at" -eq "$2" ] || {
		onib_wrong="$onib_at bytes instead of $2"
		return 1
	}
	onib_got=$(onib_sha256 "$3")
	[ "$onib_got" = "$1" ] || {
		onib_wrong="sha256:$onib_got instead of sha256:$1"
		return 1
	}
}

# onib_layer_url <sha256> <url or -> <try>: sources in an order that differs from node to node.
onib_layer_url() {
	[ "$2" = - ] || {
		echo "$2"
		return
	}
	# shellcheck disable=SC2086
	set -- "$1" "$(($3 + $(onib_node_number "$onib_mac")))" $onib_sources
	onib_turn=$(($2 % ($# - 2)))
	onib_object=$1
	shift $((2 + onib_turn))
	echo "${1%/}/$onib_object"
}

# onib_wget <url> <file> [<option>]: one transfer. onib_wget_error tells why it returned 1.
onib_wget() {
	onib_wget_error=''
	# shellcheck disable=SC2086
	wget -q ${3:-} -O "$2" "$1" 2>"$ONIB_RUN/wget.error" &
	onib_transfer=$!
	onib_watch_transfer "$onib_transfer" "$2" &
	onib_watcher=$!
	wait "$onib_transfer"
	onib_wget_status=$?
	kill "$onib_watcher" 2>/dev/null
	wait "$onib_watcher" 2>/dev/null
	[ "$onib_wget_status" -ne 0 ] || return 0
	onib_wget_error=$(onib_last_line "$ONIB_RUN/wget.error")
	onib_wget_error=${onib_wget_error#wget: }
	[ -n "$onib_wget_error" ] || onib_wget_error="no $ONIB_STALL_BYTES bytes in $ONIB_STALL_SECONDS seconds"
	return 1
}

# onib_watch_transfer <pid> <file>: ends a transfer that hardly moves. Debian 12's busybox has no
# timeout for reads, and a slow trickle would pass any.
onib_watch_transfer() {
	onib_before=$(onib_file_size "$2")
	# wait is ended by a signal, a foreground sleep is not; and a TERM that meets the child before it has
	# become sleep would be lost
	trap 'kill -9 "$!" 2>/dev/null; exit' TERM
	while sleep "$ONIB_STALL_SECONDS" & wait "$!"; do
		onib_now=$(onib_file_size "$2")
		[ $((onib_now - onib_before)) -ge "$ONIB_STALL_BYTES" ] || break
		onib_before=$onib_now
	done
	kill "$1" 2>/dev/null
}

onib_file_size() {
	if [ -e "$1" ]; then wc -c <"$1"; else echo 0; fi
}

onib_sha256() {
	sha256sum "$1" | cut -d ' ' -f 1
}

onib_pause() {
	sleep "$1"
}
