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
	while read -r onib_number onib_name onib_format onib_sha onib_size onib_url; do
		onib_get_layer "$onib_number" "$onib_name" "$onib_sha" "$onib_size" "$onib_url" || return 1
	done <"$ONIB_RUN/layer-list"
	onib_report fetch "$(onib_layer_names)"
	onib_report verify "$(onib_layer_names)"
}

# onib_get_layer <number> <name> <sha256 or -> <bytes> <url or ->: leaves it in files/<number>.
onib_get_layer() {
	onib_file="$ONIB_RUN/files/$1"
	[ ! -e "$onib_file" ] || return 0
	onib_tries=0 onib_bad=0
	while [ "$onib_tries" -lt "$ONIB_FETCH_TRIES" ]; do
		onib_have=$(onib_file_size "$onib_file.part")
		onib_from=$(onib_layer_url "$3" "$5" "$onib_tries")
		onib_fetch_part "$2" "$onib_from" "$onib_file.part" "$4"
		onib_check_part "$2" "$3" "$4" "$onib_file.part"
		case $? in
		0)
			mv "$onib_file.part" "$onib_file"
			onib_bytes=$((onib_bytes + $(onib_file_size "$onib_file")))
			return 0
			;;
		2) onib_bad=$((onib_bad + 1)) ;;
		esac
		# a transfer that moves forward may break as often as it likes
		[ "$(onib_file_size "$onib_file.part")" -le "$onib_have" ] || onib_tries=0
		onib_tries=$((onib_tries + 1))
		[ "$onib_bad" -lt 4 ] || break
		onib_pause $((onib_tries < 15 ? onib_tries : 15))
	done
	rm -f "$onib_file.part"
	[ "$onib_bad" -eq 0 ] || onib_fail digest "layer $2: $onib_wrong, last from $onib_from" || return 1
	onib_fail fetch "layer $2 from $onib_from: $onib_wget_error"
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

# onib_check_part <name> <sha256 or -> <bytes> <file>: 0 whole and right, 1 not whole, 2 wrong (and
# removed: no byte of it can be trusted).
onib_check_part() {
	onib_at=$(onib_file_size "$4")
	if [ "$2" = - ]; then
		[ "$onib_at" -gt 0 ] && [ -z "$onib_wget_error" ]
		return
	fi
	[ "$onib_at" -ge "$3" ] || {
		[ -n "$onib_wget_error" ] || onib_wget_error="ended at byte $onib_at of $3"
		return 1
	}
	if [ "$onib_at" -gt "$3" ]; then
		onib_wrong="$onib_at bytes instead of $3"
	else
		onib_got=$(onib_sha256 "$4")
		[ "$onib_got" != "$2" ] || return 0
		onib_wrong="sha256:$onib_got instead of sha256:$2"
	fi
	onib_say "verify: $1 has $onib_wrong: fetching it again"
	rm -f "$4"
	return 2
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
