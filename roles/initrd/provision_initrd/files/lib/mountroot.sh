# shellcheck shell=dash
# What /init of initramfs-tools calls when it has sourced scripts/onib.

# /init calls these around mountroot; there is nothing to do for a node without disks.
mount_top() { :; }
mount_premount() { :; }
mount_bottom() { :; }

mountroot() {
	onib_start
	onib_attempt=1
	until onib_boot; do
		onib_on_failure "$onib_attempt"
		onib_attempt=$((onib_attempt + 1))
	done
	# /init would configure the network a second time
	# shellcheck disable=SC2034
	IP=off
}
