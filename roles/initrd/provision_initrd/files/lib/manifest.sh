# shellcheck shell=dash
# The boot manifest, version 1: fetched, checked, and turned into $ONIB_RUN/layer-list, one layer a
# line: "<number> <name> <format> <sha256 or -> <bytes or 0> <address or ->".

onib_get_manifest() {
	[ -n "$onib_manifest_url" ] || {
		onib_legacy_layers
		return 0
	}
	onib_fetch_manifest || return 1
	onib_got=$(onib_sha256 "$ONIB_RUN/manifest")
	[ "sha256:$onib_got" = "$onib_manifest_digest" ] ||
		onib_fail manifest-digest "$onib_manifest_url is sha256:$onib_got, announced as $onib_manifest_digest" ||
		return 1
	onib_bytes=$((onib_bytes + $(wc -c <"$ONIB_RUN/manifest")))
	onib_read_manifest "$ONIB_RUN/manifest"
}

# A server that boots a thousand nodes may be slow for a while: six tries, 31 seconds of waiting.
onib_fetch_manifest() {
	onib_delay=1
	for onib_try in 1 2 3 4 5 6; do
		onib_wget "$onib_manifest_url" "$ONIB_RUN/manifest" && return 0
		onib_say "manifest: try $onib_try: $onib_wget_error"
		[ "$onib_try" -eq 6 ] || onib_pause "$onib_delay"
		onib_delay=$((onib_delay * 2))
	done
	onib_fail manifest-fetch "$onib_manifest_url: $onib_wget_error"
}

# onib_read_manifest <file>: sets onib_release, onib_kernel and onib_sources, writes the layer list.
onib_read_manifest() {
	onib_release='' onib_kernel='' onib_sources='' onib_number=10
	: >"$ONIB_RUN/layer-list"
	read -r onib_header <"$1"
	[ "$onib_header" = 'onib-boot 1' ] ||
		onib_fail manifest-format "it begins with \"$onib_header\" instead of \"onib-boot 1\"" || return 1
	while read -r onib_key onib_a onib_b onib_c onib_d onib_rest; do
		case $onib_key in
		release) onib_release=$onib_a ;;
		kernel) onib_kernel=$onib_a ;;
		source) onib_sources="${onib_sources:+$onib_sources }$onib_a" ;;
		layer)
			onib_add_layer "$onib_a" "$onib_b" "$onib_c" "$onib_d" && [ -z "$onib_rest" ] ||
				onib_fail manifest-format "layer $onib_a $onib_b $onib_c $onib_d $onib_rest" || return 1
			;;
		esac
	done <"$1"
	onib_check_manifest
}

# onib_add_layer <name> <format> <sha256> <bytes>
onib_add_layer() {
	onib_is "$1 $2 $3 $4" '[A-Za-z0-9][A-Za-z0-9._+-]* (squashfs|cpio[.]gz) [0-9a-f]{64} [1-9][0-9]*' ||
		return 1
	echo "$onib_number $1 $2 $3 $4 -" >>"$ONIB_RUN/layer-list"
	onib_number=$((onib_number + 1))
}

onib_check_manifest() {
	[ -s "$ONIB_RUN/layer-list" ] || onib_fail manifest-format 'it names no layer' || return 1
	[ -n "$onib_sources" ] || onib_fail manifest-format 'it names no source' || return 1
	onib_running=$(onib_running_kernel)
	[ -z "$onib_kernel" ] || [ "$onib_kernel" = "$onib_running" ] ||
		onib_fail kernel-version "the release has kernel $onib_kernel, $onib_running is running"
}

onib_running_kernel() {
	uname -r
}

# What on-imagebuilder's boot scripts say: addresses, and nothing to check them by.
onib_legacy_layers() {
	onib_say 'BASEFS= comes without a digest: what is fetched cannot be checked'
	onib_release=legacy onib_sources='' onib_number=11
	echo "10 base squashfs - 0 $onib_basefs" >"$ONIB_RUN/layer-list"
	for onib_url in $(echo "$onib_overlayfs" | tr , ' '); do
		case $onib_url in
		*.squashfs | *.squashfs.img) onib_format=squashfs ;;
		*) onib_format=cpio.gz ;;
		esac
		echo "$onib_number overlay$((onib_number - 10)) $onib_format - 0 $onib_url" >>"$ONIB_RUN/layer-list"
		onib_number=$((onib_number + 1))
	done
}

onib_layer_names() {
	cut -d ' ' -f 2 "$ONIB_RUN/layer-list" | tr '\n' ' '
}
