# shellcheck shell=dash
# What a person at the console sees, and the record of a failure.

# /init writes to the last console= only; a rack has people at the VGA and at the serial port.
onib_find_terminals() {
	onib_terminals=''
	for onib_name in $(echo "$onib_console" | tr , ' '); do
		onib_terminals="$onib_terminals /dev/${onib_name#/dev/}"
	done
	[ -z "$onib_terminals" ] || return 0
	# "tty0 ttyS0", the one that /dev/console stands for last
	for onib_name in $(tr '\n' ' ' 2>/dev/null <"$ONIB_SYS/class/tty/console/active"); do
		onib_terminals="$onib_terminals /dev/$onib_name"
	done
}

onib_say() {
	onib_line="onib: $(printf %s "$*" | tr -d '\000-\037\177')"
	echo "$onib_line" >>"$ONIB_RUN/boot.log"
	for onib_terminal in $onib_terminals; do
		# a named port may be absent: the others still get the line
		{ echo "$onib_line" >"$onib_terminal"; } 2>/dev/null
	done
	return 0
}

# onib_fail <code> <detail>: remembers why the boot cannot go on. Always returns 1.
onib_fail() {
	onib_code=$1
	onib_detail=$2
	return 1
}

# onib_failure_field <code> <number>: 2 what, 3 why, 4 what to do.
onib_failure_field() {
	sed -n "s/^$1 | //p" "$ONIB_LIB/failures.table" | awk -F ' [|] ' -v n="$2" '{ print $(n - 1) }'
}

onib_show_failure() {
	onib_say "boot failed: $onib_code: $(onib_failure_field "$onib_code" 2)"
	onib_say "  here:   $onib_detail"
	onib_say "  why:    $(onib_failure_field "$onib_code" 3)"
	onib_say "  to do:  $(onib_failure_field "$onib_code" 4)"
}

# Seconds since the kernel started, with the fraction as the kernel gives it.
onib_uptime() {
	cut -d ' ' -f 1 "$ONIB_PROC/uptime"
}

# Whole seconds, for deadlines.
onib_seconds() {
	cut -d . -f 1 "$ONIB_PROC/uptime"
}
