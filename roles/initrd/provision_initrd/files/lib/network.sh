# shellcheck shell=dash
# The boot NIC's address: static, or by DHCP. Every attempt starts afresh, so that a moved cable, a
# new lease or another server is seen.

# Seconds that DHCP may take on a port with link: spanning tree shows a link before it forwards.
ONIB_DHCP_WAIT=90

onib_network_up() {
	onib_mac=$onib_bootif onib_nic='' onib_address='' onib_hostname=''
	ip link set lo up
	onib_choose_nics || return 1
	# shellcheck disable=SC2086
	onib_wait_for_link $onib_nics || return 1
	onib_add_vlan || return 1
	onib_reset_lease
	if onib_is_ipv4 "$onib_ip_client"; then
		onib_nic=${onib_nics%% *}
		onib_lease_from_ip
	else
		onib_get_lease || return 1
	fi
	[ -n "$onib_mac" ] || onib_mac=$(cat "$ONIB_SYS/class/net/$onib_nic/address")
	onib_apply_lease
}

# onib_split_ip: the fields of ip= (Documentation/admin-guide/nfs/nfsroot.rst).
onib_split_ip() {
	case $onib_ip in
	*:*) ;;
	*)
		onib_ip_client='' onib_ip_gateway='' onib_ip_mask='' onib_ip_host='' onib_ip_device='' onib_ip_dns=''
		return
		;;
	esac
	IFS=: read -r onib_ip_client _ onib_ip_gateway onib_ip_mask onib_ip_host onib_ip_device _ onib_a onib_b _ <<-END
		$onib_ip
	END
	onib_ip_dns="$onib_a $onib_b"
}

onib_is_ipv4() {
	onib_is "$1" '([0-9]{1,3}[.]){3}[0-9]{1,3}'
}

# onib_add_vlan: vlan=<id> or vlan=<name>:<device>, where the name ends in the id (eth0.7, vlan7).
onib_add_vlan() {
	onib_vlan_id='' onib_vlan_link=''
	[ -n "$onib_vlan" ] || return 0
	onib_vlan_link=${onib_nics%% *}
	case $onib_vlan in *:*) onib_vlan_link=${onib_vlan#*:} ;; esac
	onib_name=${onib_vlan%%:*}
	onib_vlan_id=$(printf %s "$onib_name" | sed 's/^.*[^0-9]//')
	[ "$onib_name" != "$onib_vlan_id" ] || onib_name="vlan$onib_vlan_id"
	[ -n "$onib_vlan_id" ] && [ "$onib_vlan_id" -ge 1 ] && [ "$onib_vlan_id" -le 4094 ] ||
		onib_fail vlan "vlan=$onib_vlan holds no id from 1 to 4094" || return 1
	modprobe -q 8021q
	[ -e "$ONIB_SYS/class/net/$onib_name" ] ||
		ip link add link "$onib_vlan_link" name "$onib_name" type vlan id "$onib_vlan_id" ||
		onib_fail vlan "vlan=$onib_vlan on $onib_vlan_link is refused" || return 1
	ip link set "$onib_name" up
	onib_nics=$onib_name
}

# onib_get_lease: DHCP on every NIC that has a link, in turn, until one gets an answer.
onib_get_lease() {
	onib_end=$(($(onib_seconds) + ONIB_DHCP_WAIT))
	while :; do
		for onib_nic in $onib_nics; do
			onib_ask_dhcp "$onib_nic" && return 0
			onib_say "dhcp: no answer on $onib_nic"
		done
		[ "$(onib_seconds)" -lt "$onib_end" ] || break
	done
	onib_fail dhcp "$onib_nics: no answer within $ONIB_DHCP_WAIT seconds"
}

# onib_ask_dhcp <nic>: four discovers, three seconds apart. The client id is the MAC address, as
# networkd's will be: the booted system gets the same address again.
onib_ask_dhcp() {
	rm -f "$ONIB_RUN/lease"
	modprobe -q af_packet
	ONIB_RUN="$ONIB_RUN" udhcpc -i "$1" -f -n -q -t 4 -T 3 -O search -O mtu -O staticroutes \
		-s "$ONIB_LIB/dhcp-event" >"$ONIB_RUN/dhcp.log" 2>&1
	[ -s "$ONIB_RUN/lease" ] || return 1
	onib_read_lease "$ONIB_RUN/lease"
}

onib_reset_lease() {
	onib_address='' onib_prefix='' onib_gateway='' onib_dns='' onib_domain='' onib_search='' onib_mtu='' onib_lease='' onib_routes=''
}

# onib_read_lease <file>: "<key> <value>" lines; nothing in it is ever evaluated.
onib_read_lease() {
	while read -r onib_key onib_value; do
		case $onib_key in
		ip) onib_address=$onib_value ;;
		mask) onib_prefix=$onib_value ;;
		router) onib_gateway=${onib_value%% *} ;;
		dns) onib_dns=$onib_value ;;
		domain) onib_domain=$onib_value ;;
		search) onib_search=$onib_value ;;
		hostname) onib_hostname=$onib_value ;;
		mtu) onib_mtu=$onib_value ;;
		lease) onib_lease=$onib_value ;;
		staticroutes) onib_routes=$onib_value ;;
		esac
	done <"$1"
}

onib_lease_from_ip() {
	onib_address=$onib_ip_client
	onib_gateway=$onib_ip_gateway
	onib_prefix=$(onib_prefix_length "${onib_ip_mask:-255.255.255.0}")
	onib_dns=$onib_ip_dns
}

# onib_prefix_length <netmask or length>
onib_prefix_length() {
	case $1 in
	*.*) ;;
	*)
		echo "$1"
		return
		;;
	esac
	onib_bits=0
	for onib_part in $(echo "$1" | tr . ' '); do
		while [ "$onib_part" -gt 0 ]; do
			onib_bits=$((onib_bits + onib_part % 2))
			onib_part=$((onib_part / 2))
		done
	done
	echo "$onib_bits"
}

# Names that are no host name are dropped: they would end up in files of the booted system.
onib_choose_hostname() {
	[ -z "$onib_ip_host" ] || onib_hostname=$onib_ip_host
	onib_is "$onib_hostname" '[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?' ||
		onib_hostname="node-$(echo "$onib_mac" | tr -d :)"
}

onib_apply_lease() {
	onib_choose_hostname
	onib_dns=$(echo "$onib_nameservers $onib_dns" | xargs)
	[ -z "$onib_mtu" ] || ip link set "$onib_nic" mtu "$onib_mtu"
	ip addr flush dev "$onib_nic"
	onib_lifetime=''
	[ -z "$onib_lease" ] || onib_lifetime="valid_lft $onib_lease preferred_lft $onib_lease"
	# shellcheck disable=SC2086
	ip addr add "$onib_address/${onib_prefix:-24}" dev "$onib_nic" $onib_lifetime 2>"$ONIB_RUN/address.error" ||
		onib_fail address "$onib_address/$onib_prefix on $onib_nic: $(onib_last_line "$ONIB_RUN/address.error")" ||
		return 1
	onib_add_routes || return 1
	onib_write_resolv_conf "$ONIB_RESOLV_CONF"
	onib_say "network: $onib_nic $onib_mac has $onib_address/$onib_prefix, gateway ${onib_gateway:-none}, DNS ${onib_dns:-none}"
}

# RFC 3442: classless routes replace the router option. A gateway outside the prefix is a neighbour
# all the same (/32 leases of cloud networks). The metric lets networkd's own routes go first.
onib_add_routes() {
	if [ -n "$onib_routes" ]; then
		# shellcheck disable=SC2086
		set -- $onib_routes
	elif [ -n "$onib_gateway" ]; then
		set -- 0.0.0.0/0 "$onib_gateway"
	else
		return 0
	fi
	while [ $# -ge 2 ]; do
		ip route add "$1" via "$2" dev "$onib_nic" metric 2048 2>/dev/null ||
			{ ip route add "$2/32" dev "$onib_nic" metric 2048 &&
				ip route add "$1" via "$2" dev "$onib_nic" metric 2048; } 2>"$ONIB_RUN/address.error" ||
			onib_fail address "route to $1 by $2: $(onib_last_line "$ONIB_RUN/address.error")" || return 1
		shift 2
	done
}

onib_write_resolv_conf() {
	{
		[ -z "$onib_search$onib_domain" ] || echo "search ${onib_search:-$onib_domain}"
		for onib_server_address in $onib_dns; do
			echo "nameserver $onib_server_address"
		done
	} >"$1"
}
