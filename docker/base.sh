#!/usr/bin/env bash
# Makes the image that the lab image starts from: a minimal Debian 12.
# Pulled where an image registry can be reached, else bootstrapped from Debian's packages. Does nothing when it exists.
set -euo pipefail

readonly image=chaoslab-base:bookworm
readonly upstream=debian:bookworm-slim
readonly suite=bookworm
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly pull_limit=300 # seconds before a registry that does not answer counts as unreachable
docker=${DOCKER:-docker}
exec 3>&1 # what the script itself says, also where a command's own output goes elsewhere

fail() {
    echo "base: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "'$1' needs root and there is no sudo; run this script as root"
    fi
}

# step WORDS COMMAND...: runs a command and says what it was and how long it took.
step() {
    local words=$1 began=$SECONDS
    shift
    echo "base: $words ..." >&3
    "$@" || return
    echo "base: $words: $((SECONDS - began)) s" >&3
}

# The host's apt sources as lines of "URI SUITE", both the deb822 and the one-line format.
apt_sources() {
    local file
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        awk 'function out(  i, j, u, s) {
                 if (types ~ /(^| )deb( |$)/ && enabled != "no")
                     for (i = split(uris, u, " "); i > 0; i--)
                         for (j = split(suites, s, " "); j > 0; j--) print u[i], s[j]
                 types = uris = suites = enabled = ""
             }
             /^#/ { next }
             /^[ \t]*$/ { out(); next }
             { key = tolower($1); value = $0; sub(/^[^:]*:[ \t]*/, "", value) }
             key == "types:" { types = value }
             key == "uris:" { uris = value }
             key == "suites:" { suites = value }
             key == "enabled:" { enabled = tolower(value) }
             END { out() }' "$file"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] || continue
        sed -nE 's/^[ \t]*deb[ \t]+(\[[^]]*\][ \t]+)?([^ \t]+)[ \t]+([^ \t]+).*/\2 \3/p' "$file"
    done
}

# mirror_of PATTERN: the first web address in the host's apt sources that serves a Debian suite matching the pattern.
mirror_of() {
    apt_sources | awk -v suite="^($1)\$" '!uri && $1 ~ /^https?:/ && $2 ~ suite { uri = $1 } END { print uri }'
}

bootstrap() {
    local debian='bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable'
    local mirror security target include='' needed=()
    command -v debootstrap >/dev/null || [ -x /usr/sbin/debootstrap ] || needed+=(debootstrap)
    [ -e "$keyring" ] || needed+=(debian-archive-keyring)
    if [ ${#needed[@]} -gt 0 ]; then
        command -v apt-get >/dev/null || fail "no image registry answers, and ${needed[*]} cannot be installed: there is no apt-get here"
        step "refreshing apt's package lists" as_root apt-get -qq update || echo "base: not all of apt's sources answered" >&2
        step "installing ${needed[*]}" as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${needed[@]}" \
            >/dev/null || fail "apt could not install ${needed[*]}"
    fi
    mirror=$(mirror_of "$debian")
    security=$(mirror_of "($debian)(-security|/updates)")
    case "$mirror$security" in *https:*) include=--include=ca-certificates ;; esac

    folder=$(mktemp -d)
    trap 'as_root rm -rf --one-file-system "$folder"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    target=$folder/root
    # shellcheck disable=SC2086 # an absent option or mirror must vanish, not become an empty argument
    step "bootstrapping $suite with debootstrap" as_root env PATH="$PATH:/usr/sbin:/sbin" \
        debootstrap --variant=minbase --keyring="$keyring" $include "$suite" "$target" $mirror >"$folder/log" ||
        fail "debootstrap failed; its last lines:
$(tail -n 5 "$folder/log")"
    if [ -n "$mirror" ]; then
        {
            echo "deb $mirror $suite main"
            echo "deb $mirror $suite-updates main"
            [ -z "$security" ] || echo "deb $security $suite-security main"
        } | as_root tee "$target/etc/apt/sources.list" >/dev/null
    fi
    # What the slim images leave out as well: it is never read in a container.
    (cd "$target" && as_root rm -rf var/lib/apt/lists/* var/cache/apt/*.bin var/cache/apt/archives/*.deb var/log/*.log var/log/apt \
        usr/share/doc/* usr/share/man/* usr/share/locale/* usr/share/info/* etc/hostname etc/resolv.conf)
    step "importing it" import_system "$target" || fail "the engine did not take the bootstrapped system"
}

import_system() {
    local id
    id=$(as_root tar -C "$1" --numeric-owner --one-file-system --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -c . |
        "$docker" import --change 'CMD ["bash"]' -) && "$docker" tag "$id" "$image"
}

command -v "$docker" >/dev/null || fail "no '$docker' command; docker/engine.sh installs one"
"$docker" version >/dev/null 2>&1 || fail "no Docker engine answers; docker/engine.sh starts one"
if "$docker" image inspect "$image" >/dev/null 2>&1; then
    echo "base: $image is there"
    exit 0
fi
if reason=$(step "pulling $upstream" timeout "$pull_limit" "$docker" pull -q "$upstream" 2>&1); then
    "$docker" tag "$upstream" "$image"
else
    echo "base: $upstream cannot be pulled (${reason##*$'\n'})"
    bootstrap
fi
echo "base: $image is ready"
