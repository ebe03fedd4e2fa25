# shellcheck shell=dash
# Memory: counted before it is used, so that a node that is too small says so.

# KiB that the booted system needs besides its layers.
ONIB_RESERVE=65536

# An overlay's unpacked size is known only when it is here; gzip rarely gets below a quarter.
ONIB_UNPACK_FACTOR=4

onib_available_memory() {
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' "$ONIB_PROC/meminfo"
}

# onib_needed_memory: KiB for the layers that are not here yet.
onib_needed_memory() {
	onib_needed=0
	while read -r onib_number _ onib_format _ onib_size _; do
		! onib_is_here "$onib_number" || continue
		onib_size=$(((onib_size + 1023) / 1024))
		[ "$onib_format" != cpio.gz ] || onib_size=$((onib_size * (1 + ONIB_UNPACK_FACTOR)))
		onib_needed=$((onib_needed + onib_size))
	done <"$ONIB_RUN/layer-list"
	echo "$onib_needed"
}

onib_check_memory() {
	onib_needed=$(($(onib_needed_memory) + ONIB_RESERVE))
	onib_free=$(onib_available_memory)
	[ "$onib_needed" -le "$onib_free" ] ||
		onib_fail memory "needs $((onib_needed / 1024)) MiB, has $((onib_free / 1024)) MiB available"
}

# onib_unpacked_size <file.gz>: KiB, from the last four bytes (RFC 1952, ISIZE).
onib_unpacked_size() {
	echo $(($(tail -c 4 "$1" | od -An -tu4) / 1024 + 1))
}

# onib_check_unpack <name> <file.gz>
onib_check_unpack() {
	onib_needed=$(($(onib_unpacked_size "$2") + ONIB_RESERVE))
	onib_free=$(onib_available_memory)
	[ "$onib_needed" -le "$onib_free" ] ||
		onib_fail memory "overlay $1 unpacks to $((onib_needed / 1024)) MiB, $((onib_free / 1024)) MiB are available"
}
