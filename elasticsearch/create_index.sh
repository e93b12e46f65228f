#!/usr/bin/env bash
# Create the search index from mappings/events.json; a second run changes nothing.
# Takes the options of `ticketctl index create`, such as --dry-run.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
if [ -x .venv/bin/ticketctl ]; then
    exec .venv/bin/ticketctl index create "$@"
fi
exec ticketctl index create "$@"
