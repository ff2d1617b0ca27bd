#!/usr/bin/env bash
# check-tools.sh IMAGE: starts every kafka-*.sh of the image with --help. Each must print its usage, and no stack trace.
set -euo pipefail
image=${1:?usage: check-tools.sh IMAGE}
exec "${DOCKER:-docker}" run --rm --entrypoint bash "$image" -c '
    failed=0 count=0
    for tool in /opt/kafka/bin/kafka-*.sh; do
        name=${tool##*/}
        case $name in kafka-run-class.sh | kafka-server-st*.sh) words= ;; *) words=--help ;; esac
        code=0
        said=$("$tool" $words 2>&1 </dev/null) || code=$?
        count=$((count + 1))
        if [ "$code" -gt 1 ] || [ -z "$said" ] || grep -Eq "^\s+at [a-z]+\.|Exception|could not find or load|\[warning\]" -i <<<"$said"; then
            failed=$((failed + 1))
            printf "%s: exit code %s\n%s\n" "$name" "$code" "$(head -n 5 <<<"$said")"
        fi
    done
    echo "$count tools, $failed failed"
    [ $failed = 0 ]'
