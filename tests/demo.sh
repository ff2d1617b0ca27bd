#!/usr/bin/env bash
# One whole drill, unattended: stage, look around, write up, have it graded, take it down. `make demo` runs it.
set -euo pipefail

chaoslab=$1
family=${2:-isr-shrink}
limit=90 # seconds for the claims to become verifiable
CHAOSLAB_HOME=$(mktemp -d)
export CHAOSLAB_HOME

leave() {
    "$chaoslab" -q stop || true
    rm -rf "$CHAOSLAB_HOME"
}
trap leave EXIT
trap 'exit 130' INT TERM

say() {
    printf '\n\033[1m$ %s\033[0m\n' "chaoslab $*"
    "$chaoslab" "$@"
}

# Who gives a seed is an author, whose commands work before the grade.
say start "$family" --seed "$RANDOM"
say exec -- kafka-topics.sh --describe --under-replicated-partitions
say changes
say query 'sum by (job) (up)'
say status

# The scenario's own analysis stands in for the learner's.
"$chaoslab" author write-up reference-rca.md >"$CHAOSLAB_HOME/rca.md"
deadline=$((SECONDS + limit))
while "$chaoslab" rca check "$CHAOSLAB_HOME/rca.md" | grep -q UNVERIFIABLE; do
    if [ $SECONDS -ge $deadline ]; then
        echo "demo: the analysis did not become verifiable within $limit s" >&2
        exit 1
    fi
    sleep 1
done
say rca check "$CHAOSLAB_HOME/rca.md"
say submit "$CHAOSLAB_HOME/rca.md"
say stop
