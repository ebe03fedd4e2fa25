# shellcheck shell=dash
# Hands the boot NIC to the booted system: units for systemd-networkd in /run, which an overlay can
# override with a file of the same name in /etc.

onib_write_networkd() {
	mkdir -p "$ONIB_NETWORKD"
	if [ -n "$onib_vlan_id" ]; then
		onib_netdev_unit >"$ONIB_NETWORKD/05-onib-boot.netdev"
		onib_vlan_link_unit >"$ONIB_NETWORKD/05-onib-link.network"
	fi
	onib_network_unit >"$ONIB_NETWORKD/05-onib-boot.network"
	# networkd reads as its own user
	chmod 0644 "$ONIB_NETWORKD"/05-onib-*
}

onib_netdev_unit() {
	printf '[NetDev]\nName=%s\nKind=vlan\n\n[VLAN]\nId=%s\n' "$onib_nic" "$onib_vlan_id"
}

onib_vlan_link_unit() {
	printf '[Match]\nName=%s\n\n[Network]\nVLAN=%s\nDHCP=no\nLinkLocalAddressing=no\n' \
		"$onib_vlan_link" "$onib_nic"
}

# KeepConfiguration=static: what the initrd has set up stays until its lease ends, whether or not
# a DHCP server answers the booted system.
onib_network_unit() {
	printf '[Match]\nName=%s\n\n[Network]\nKeepConfiguration=static\n' "$onib_nic"
	for onib_server_address in $onib_nameservers; do
		echo "DNS=$onib_server_address"
	done
	if onib_is_ipv4 "$onib_ip_client"; then
		printf 'DHCP=no\nAddress=%s/%s\n' "$onib_address" "$onib_prefix"
		[ -z "$onib_gateway" ] || echo "Gateway=$onib_gateway"
		for onib_server_address in $onib_ip_dns; do
			echo "DNS=$onib_server_address"
		done
	else
		printf 'DHCP=ipv4\n\n[DHCPv4]\nClientIdentifier=mac\nUseDomains=yes\n'
		[ -z "$onib_mtu" ] || echo 'UseMTU=yes'
	fi
}
