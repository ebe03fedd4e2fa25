# shellcheck shell=dash
# Kernel parameters, parsed by parameters.table.

onib_clear_parameters() {
	while IFS='|' read -r _ onib_variable _; do
		onib_variable=$(echo "$onib_variable" | tr -d ' ')
		[ -z "$onib_variable" ] || eval "$onib_variable=''"
	done <"$ONIB_LIB/parameters.table"
}

# onib_read_parameters: sets every variable of the table. Fails with "parameters".
onib_read_parameters() {
	onib_clear_parameters
	set -f
	# shellcheck disable=SC2046
	set -- $(cat "$ONIB_PROC/cmdline")
	set +f
	for onib_word in "$@"; do
		# what stands behind -- is for init
		[ "$onib_word" != -- ] || break
		case $onib_word in
		*=*) onib_take_parameter "${onib_word%%=*}" "${onib_word#*=}" || return 1 ;;
		esac
	done
	onib_settle_parameters
}

# onib_take_parameter <name> <value>
onib_take_parameter() {
	while read -r onib_row; do
		[ "${onib_row%% | *}" = "$1" ] || continue
		onib_row=${onib_row#* | }
		onib_variable=${onib_row%% | *}
		onib_row=${onib_row#* | }
		onib_check_parameter "${onib_row%% | *}" "$1" "$2" || return 1
		[ "${onib_row%% | *}" != list ] || eval "set -- \"\$1\" \"\${$onib_variable:+\$$onib_variable }\$2\""
		eval "$onib_variable=\$2"
		return 0
	done <"$ONIB_LIB/parameters.table"
}

# onib_check_parameter <kind> <name> <value>
onib_check_parameter() {
	case $1 in
	url) onib_is "$3" 'https?://[^/[:space:]"'"'"'\\]+(/[^[:space:]"'"'"'\\]*)?' ;;
	digest) onib_is "$3" 'sha256:[0-9a-f]{64}' ;;
	size) onib_is "$3" '[1-9][0-9]*[kKmMgG%]?' ;;
	policy) onib_is "$3" '(retry|reboot|shell)(,(retry|reboot|shell))*' ;;
	mac) onib_normal_mac "$3" >/dev/null ;;
	*) true ;;
	esac || onib_fail parameters "$2=$3 is no $1"
}

# onib_is <text> <extended regular expression>: the whole text matches.
onib_is() {
	printf '%s\n' "$1" | grep -Eqx -- "$2"
}

# onib_normal_mac <BOOTIF>: prints aa:bb:cc:dd:ee:ff. The 01 in front is ARP's number for Ethernet.
# No NIC has a group address (odd first octet): that is a BOOTIF whose end was cut off.
onib_normal_mac() {
	onib_mac_text=$(printf %s "$1" | tr 'A-F-' 'a-f:')
	case $onib_mac_text in
	??:??:??:??:??:??:??) onib_mac_text=${onib_mac_text#01:} ;;
	esac
	onib_is "$onib_mac_text" '[0-9a-f][02468ace](:[0-9a-f]{2}){5}' || return 1
	echo "$onib_mac_text"
}

# What the parameters say together.
onib_settle_parameters() {
	[ -z "$onib_bootif" ] || onib_bootif=$(onib_normal_mac "$onib_bootif")
	[ -n "$onib_server" ] || [ -z "$onib_api_cb" ] || onib_server="http://$onib_api_cb"
	onib_server=${onib_server%/}
	if [ -n "$onib_manifest_url" ]; then
		[ -n "$onib_manifest_digest" ] ||
			onib_fail parameters 'onib.manifest= needs onib.digest=sha256:<64 hex digits> beside it'
	elif [ -z "$onib_basefs" ]; then
		onib_fail parameters 'neither onib.manifest= nor BASEFS= is on the kernel command line'
	fi
}
