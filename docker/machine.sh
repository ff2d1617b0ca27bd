#!/usr/bin/env bash
# Makes the image of a lab's machines, all but the program of the services: Debian, a JDK, Kafka, tools, class data.
# It holds nothing that is compiled from Rust, so it is made while the compiler works. Its tag is a hash of what goes
# in: an image that is current is not made again. Says what it does on standard error and prints the image's name.
set -euo pipefail

readonly repository=chaoslab/machine
readonly parts=(Dockerfile pom.xml train.sh agent plugins root ca)
readonly certificates=/usr/local/share/ca-certificates # what this host trusts beside what Debian does
readonly limit=1800                                    # seconds a build may take
readonly worth_telling=5                               # seconds from which on a step is told
# The builder that every engine from 20.10 on has, and that sees the engine's own images whatever else is set up.
export DOCKER_BUILDKIT=0
docker=${DOCKER:-docker}
source=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "machine: $*" >&2
    exit 1
}

# The parts and this host's certificates as an archive that is the same whoever owns the files.
context() {
    local own=("$certificates"/*.crt)
    mkdir "$folder/context" && cp -R "${parts[@]/#/$source/}" "$folder/context" || return
    [ ! -e "${own[0]}" ] || cp "${own[@]}" "$folder/context/ca" || return
    tar -C "$folder/context" --owner=0 --group=0 --mode=u+rwX,go+rX,go-w -c .
}

# Tells each step of a build that took long, once it is done.
tell_steps() {
    local line step='' began=$SECONDS
    while IFS= read -r line; do
        case $line in
            'Step '* | 'Successfully built '*)
                [ -z "$step" ] || [ $((SECONDS - began)) -lt $worth_telling ] ||
                    echo "machine: ${step:0:90}: $((SECONDS - began)) s" >&2
                step=${line#*: }
                began=$SECONDS
                ;;
        esac
    done
}

build() {
    context | timeout "$limit" "$docker" build --force-rm --label chaoslab.image=lab --tag "$image" - 2>&1 |
        tee "$folder/log" | tell_steps
}

"$source/base.sh" >&2
key=$(cd "$source" && find "${parts[@]}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
image=$repository:${key:0:12}
if "$docker" image inspect "$image" >/dev/null 2>&1; then
    echo "machine: $image is current" >&2
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    echo "machine: making $image (about three minutes) ..." >&2
    build || fail "the image could not be made; the last lines of the build:
$(grep -v '^ *$' "$folder/log" | tail -n 20)"
    echo "machine: $image made in $SECONDS s" >&2
fi
echo "$image"
