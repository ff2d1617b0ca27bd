#!/usr/bin/env bash
# Makes sure that a Docker engine answers. One that does is left as it is. Where none does, Debian's is installed if need be, and started.
set -euo pipefail

readonly log=/var/log/dockerd.log
readonly limit=60 # seconds the engine has to come up
readonly not_allowed="you may not use the Docker engine that runs here: run this as root, or join the group 'docker' ('sudo usermod -aG docker \$USER', then log in again)"
socket=/var/run/docker.sock

fail() {
    echo "engine: $*" >&2
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
    echo "engine: $words ..."
    "$@" || return
    echo "engine: $words: $((SECONDS - began)) s"
}

# Prints the engine's version, or on failure what the client said.
answers() {
    docker version --format '{{.Server.Version}}' 2>&1
}

install_packages() {
    as_root apt-get -qq update || echo "engine: not all of apt's sources answered" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" >/dev/null
}

# Starts the engine so that it outlives this script and its terminal. Prints the process id, or nothing when a service manager looks after it.
start() {
    if [ -d /run/systemd/system ]; then
        as_root systemctl start docker >&2
    else
        # Whoever is not root gets at the engine through their own group.
        as_root sh -c 'setsid dockerd --group "$2" >"$1" 2>&1 </dev/null & echo $!' sh "$log" "$(id -g)"
    fi
}

# wait_for PID: until the engine answers. PID may be empty.
wait_for() {
    local deadline=$((SECONDS + limit))
    local said
    until said=$(answers); do
        case $said in *'permission denied'*) fail "$not_allowed" ;; esac
        if [ -n "$1" ] && [ ! -d "/proc/$1" ]; then
            fail "dockerd ended at once; the last lines of $log:
$(as_root tail -n 10 "$log")"
        fi
        if [ $SECONDS -ge $deadline ]; then
            fail "dockerd did not answer within $limit s: $said"
        fi
        sleep 0.2
    done
}

if command -v docker >/dev/null; then
    if version=$(answers); then
        echo "engine: Docker $version answers"
        exit 0
    fi
    case $version in *'permission denied'*) fail "$not_allowed" ;; esac
fi
case ${DOCKER_HOST:-} in
    '' | "unix://$socket" | unix:///run/docker.sock) ;;
    *) fail "DOCKER_HOST is $DOCKER_HOST, and no engine answers there: start that one, or unset DOCKER_HOST to use one on this machine" ;;
esac

needed=()
command -v dockerd >/dev/null || [ -x /usr/sbin/dockerd ] || needed+=(docker.io)
command -v iptables >/dev/null || [ -x /usr/sbin/iptables ] || needed+=(iptables)
if [ ${#needed[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || fail "no Docker engine answers, and there is no apt-get to install ${needed[*]} with: install Docker and try again"
    step "installing ${needed[*]}" install_packages "${needed[@]}" || fail "apt could not install ${needed[*]}"
fi
began=$SECONDS
if pid=$(pidof -s dockerd); then
    echo "engine: waiting for the dockerd that runs ..."
else
    echo "engine: starting dockerd ..."
    pid=$(start) || fail "dockerd could not be started"
fi
wait_for "$pid"
echo "engine: Docker $(answers) answers after $((SECONDS - began)) s"
