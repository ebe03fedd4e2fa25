# shellcheck shell=dash
# What happens when a boot cannot go on: report, say why, then follow onib.onfail.

# Rounds that "retry" gets when the policy names something to do after it.
ONIB_RETRIES=5

# onib_on_failure <attempt>: returns when the boot is to be tried again.
onib_on_failure() {
	onib_show_failure
	onib_report_initrd
	onib_report "failed:$onib_code" "$onib_detail"
	case $(onib_next_action "$onib_onfail" "$1") in
	retry) onib_wait_for_retry "$1" ;;
	reboot) onib_reboot ;;
	shell) onib_shell ;;
	esac
}

# onib_next_action <policy> <attempt>: prints retry, reboot or shell. The last word of a policy
# stays in force; a retry before another word lasts ONIB_RETRIES attempts.
onib_next_action() {
	onib_left=$2
	onib_action=retry
	for onib_action in $(echo "${1:-retry}" | tr , ' '); do
		onib_span=1
		[ "$onib_action" != retry ] || onib_span=$ONIB_RETRIES
		[ "$onib_left" -gt "$onib_span" ] || break
		onib_left=$((onib_left - onib_span))
	done
	echo "$onib_action"
}

# onib_retry_delay <attempt> <mac>: seconds, 5 10 20 ... 300, and 0 to 4 more so that a rack that
# failed together does not come back together.
onib_retry_delay() {
	onib_delay=5
	onib_round=1
	while [ "$onib_round" -lt "$1" ] && [ "$onib_delay" -lt 300 ]; do
		onib_delay=$((onib_delay * 2))
		onib_round=$((onib_round + 1))
	done
	[ "$onib_delay" -le 300 ] || onib_delay=300
	echo $((onib_delay + $(onib_node_number "$2") % 5))
}

# A number that differs from node to node: the last byte of the MAC address.
onib_node_number() {
	onib_byte=${1##*:}
	echo $((0x${onib_byte:-0}))
}

onib_wait_for_retry() {
	onib_delay=$(onib_retry_delay "$1" "$onib_mac")
	onib_say "  next:   attempt $(($1 + 1)) in $onib_delay seconds"
	sleep "$onib_delay"
}

onib_reboot() {
	onib_say '  next:   reboot in 10 seconds'
	sleep 10
	reboot -f
	# a kernel that cannot reboot comes here
	onib_wait_for_retry 7
}

onib_shell() {
	onib_say '  next:   a shell on this console; leaving it starts the boot again'
	onib_terminal=${onib_terminals# }
	onib_terminal=${onib_terminal%% *}
	# tty0 is whichever console is in front and can control no session
	[ "$onib_terminal" != /dev/tty0 ] || onib_terminal=/dev/tty1
	setsid sh -c "exec sh -i <>${onib_terminal:-/dev/console} 1>&0 2>&1"
}
