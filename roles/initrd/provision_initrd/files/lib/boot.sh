# shellcheck shell=dash
# Boot script of initramfs-tools for boot=onib; the parts in this directory become one scripts/onib.
#
# Brings up the NIC that booted, fetches the boot manifest and its layers, checks every byte, stacks
# the layers under a writable tmpfs and leaves the result at ${rootmnt}. What has to outlive the
# switch lies in /run/onib, which moves along with /run.
#
# This part is the boot from top to bottom. A step that cannot go on returns 1 after onib_fail; all
# steps can be taken again.

: "${ONIB_LIB:=/usr/lib/onib}" "${ONIB_RUN:=/run/onib}" "${ONIB_PROC:=/proc}" "${ONIB_SYS:=/sys}"
: "${ONIB_RESOLV_CONF:=/etc/resolv.conf}" "${ONIB_NETWORKD:=/run/systemd/network}"

onib_start() {
	mkdir -p "$ONIB_RUN"
	onib_started=$(onib_uptime)
	onib_release='' onib_bytes=0 onib_reports_lost=0 onib_initrd_reported='' onib_syslog_pid=''
	onib_clear_parameters
	onib_find_terminals
}

onib_boot() {
	onib_code='' onib_detail=''
	onib_read_parameters || return 1
	onib_find_terminals
	onib_network_up || return 1
	onib_report_initrd
	onib_report network "$onib_nic $onib_address"
	onib_get_manifest || return 1
	onib_report manifest "release ${onib_release:-unknown}"
	onib_get_layers || return 1
	onib_stack_layers || return 1
	onib_report mount "$(onib_layer_names)"
	onib_hand_over || return 1
	onib_report switch-root "${onib_init:-/sbin/init}"
	onib_stop_syslog
}

# The first stage can only be told once there is a network; the time it tells is its own.
onib_report_initrd() {
	[ -z "$onib_initrd_reported" ] || return 0
	onib_initrd_reported=yes
	onib_report initrd "kernel $(uname -r)" "$onib_started"
}

# What the booted system can read, as shell assignments.
onib_write_facts() {
	{
		onib_fact ONIB_SERVER "$onib_server"
		onib_fact ONIB_MAC "$onib_mac"
		onib_fact ONIB_INTERFACE "$onib_nic"
		onib_fact ONIB_ADDRESS "$onib_address"
		onib_fact ONIB_RELEASE "$onib_release"
		onib_fact ONIB_BYTES "$onib_bytes"
	} >"$ONIB_RUN/boot.env"
}

onib_fact() {
	printf "%s='%s'\n" "$1" "$(printf %s "$2" | sed "s/'/'\\\\''/g")"
}

onib_hand_over() {
	onib_check_init || return 1
	onib_write_facts
	onib_write_networkd
	[ -z "$onib_hostname" ] || echo "$onib_hostname" >"$ONIB_PROC/sys/kernel/hostname"
}
