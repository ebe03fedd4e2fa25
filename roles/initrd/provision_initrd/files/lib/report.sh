# shellcheck shell=dash
# Tells the boot server how far the node is. A report that fails never stops a boot and takes at
# most three seconds; after three lost ones in a row only the important ones are tried.

# onib_report <stage> [<detail> [<uptime>]]: POST /v1/nodes/<mac>/events, form fields stage, code,
# detail, uptime (seconds since the kernel started), bytes (fetched so far), release.
onib_report() {
	onib_uptime_field=${3:-$(onib_uptime)}
	onib_say "$1: ${2:-} (${onib_uptime_field} s)"
	[ -z "$onib_syslog" ] || onib_send_syslog "$1 ${2:-}"
	[ -n "$onib_server" ] && [ -n "$onib_mac" ] || return 0
	case $1 in
	failed:* | switch-root) ;;
	*) [ "$onib_reports_lost" -lt 3 ] || return 0 ;;
	esac
	onib_body="stage=$(onib_encode "$1")&detail=$(onib_encode "$(printf %.400s "${2:-}")")"
	onib_body="$onib_body&uptime=$onib_uptime_field&bytes=$onib_bytes&release=$(onib_encode "$onib_release")"
	case $1 in
	failed:*) onib_body="$onib_body&code=$(onib_encode "${1#failed:}")" ;;
	esac
	onib_post "$onib_server/v1/nodes/$onib_mac/events" "$onib_body"
}

# onib_post <url> <form>
onib_post() {
	if timeout 3 wget -q -O /dev/null --post-data "$2" "$1" 2>"$ONIB_RUN/report.error"; then
		onib_reports_lost=0
		return 0
	fi
	onib_reports_lost=$((onib_reports_lost + 1))
	onib_say "report lost: $(onib_last_line "$ONIB_RUN/report.error")"
}

# Every byte as %xx: dearer than needed, and right for every text.
onib_encode() {
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}

# Legacy SYSLOGSERVER=: busybox' syslogd sends on what logger hands to it.
onib_send_syslog() {
	[ -n "$onib_syslog_pid" ] || {
		syslogd -n -R "$onib_syslog" &
		onib_syslog_pid=$!
		onib_wait 2 [ -S /dev/log ] || return 0
	}
	logger -p daemon.info -t onib "$1"
}

onib_stop_syslog() {
	[ -z "$onib_syslog_pid" ] || kill "$onib_syslog_pid"
	onib_syslog_pid=''
}

onib_last_line() {
	tail -n 1 "$1" | tr -d '\000-\037\177'
}
