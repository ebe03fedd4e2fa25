# shellcheck shell=dash
# Which NIC, and is there a link. Waits end with a condition, and at the latest after a bound.

# Seconds: drivers probe in parallel with this script; spanning tree keeps a port shut for 30 to 50.
ONIB_NIC_WAIT=30
ONIB_CARRIER_WAIT=90

# onib_list_nics: names of wired Ethernet NICs. A VLAN or bridge shows its NIC's address too: what
# has a lower device is none.
onib_list_nics() {
	for onib_path in "$ONIB_SYS"/class/net/*; do
		[ "$(cat "$onib_path/type" 2>/dev/null)" = 1 ] || continue
		[ ! -e "$onib_path/phy80211" ] || continue
		set -- "$onib_path"/lower_*
		[ ! -e "$1" ] || continue
		echo "${onib_path##*/}"
	done
}

# onib_nic_with_mac <aa:bb:cc:dd:ee:ff>: prints the name.
onib_nic_with_mac() {
	for onib_name in $(onib_list_nics); do
		[ "$(cat "$ONIB_SYS/class/net/$onib_name/address")" != "$1" ] || {
			echo "$onib_name"
			return 0
		}
	done
	return 1
}

# onib_wait <seconds> <command>...: tries it five times a second until it succeeds.
onib_wait() {
	onib_deadline=$(($(onib_seconds) + $1))
	shift
	until "$@"; do
		[ "$(onib_seconds)" -lt "$onib_deadline" ] || return 1
		sleep 0.2
	done
}

# onib_choose_nics: sets onib_nics to the NICs that are worth trying, the boot NIC alone when it is known.
onib_choose_nics() {
	onib_split_ip
	if [ -n "$onib_ip_device" ]; then
		onib_nics=$onib_ip_device
		onib_wait "$ONIB_NIC_WAIT" [ -e "$ONIB_SYS/class/net/$onib_nics" ] ||
			onib_fail boot-nic "ip= names \"$onib_nics\"; there are: $(onib_describe_nics)"
	elif [ -n "$onib_bootif" ]; then
		onib_wait "$ONIB_NIC_WAIT" onib_nic_with_mac "$onib_bootif" >"$ONIB_RUN/nic" ||
			onib_fail_without_nic || return 1
		onib_nics=$(cat "$ONIB_RUN/nic")
	else
		onib_wait "$ONIB_NIC_WAIT" onib_any_nic ||
			onib_fail no-nic "nothing but loopback after $ONIB_NIC_WAIT seconds" || return 1
		onib_nics=$(onib_list_nics)
		onib_say "no BOOTIF: trying every NIC: $(onib_describe_nics)"
	fi
}

onib_any_nic() {
	[ -n "$(onib_list_nics)" ]
}

onib_fail_without_nic() {
	onib_any_nic || onib_fail no-nic "nothing but loopback after $ONIB_NIC_WAIT seconds" || return 1
	onib_fail boot-nic "BOOTIF is $onib_bootif; there are: $(onib_describe_nics)"
}

onib_describe_nics() {
	for onib_name in $(onib_list_nics); do
		printf '%s %s, ' "$onib_name" "$(cat "$ONIB_SYS/class/net/$onib_name/address")"
	done | sed 's/, $//'
}

# onib_with_link <nic>...: prints those that have a link; status 1 when none has.
onib_with_link() {
	onib_linked=''
	for onib_name in "$@"; do
		[ "$(cat "$ONIB_SYS/class/net/$onib_name/carrier" 2>/dev/null)" != 1 ] ||
			onib_linked="$onib_linked $onib_name"
	done
	[ -n "$onib_linked" ] && echo "${onib_linked# }"
}

# onib_wait_for_link <nic>...: sets onib_nics to those with a link.
onib_wait_for_link() {
	for onib_name in "$@"; do
		ip link set "$onib_name" up
	done
	onib_wait "$ONIB_CARRIER_WAIT" onib_with_link "$@" >"$ONIB_RUN/nic" ||
		onib_fail no-carrier "$* after $ONIB_CARRIER_WAIT seconds" || return 1
	onib_nics=$(cat "$ONIB_RUN/nic")
}
