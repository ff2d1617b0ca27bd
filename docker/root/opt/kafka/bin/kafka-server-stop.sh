#!/bin/sh
# Asks Kafka's server on this machine to stop. A service that is meant to run is started again: use "sv down kafka" to keep it down.
if ! pkill -TERM -f '^[^ ]*java .*kafka\.Kafka '; then
    echo "No kafka server to stop" >&2
    exit 1
fi
