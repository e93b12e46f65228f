#!/bin/sh
# Applies the pending migrations of all databases. A thin wrapper: everything is in `ticketctl migrate apply`,
# whose options it takes (--dry-run, --only DATABASE, --json).
set -eu

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
if [ -x "$project/.venv/bin/ticketctl" ]; then
    ticketctl="$project/.venv/bin/ticketctl"
elif ! ticketctl=$(command -v ticketctl); then
    echo "run_migrations.sh: no ticketctl in $project/.venv or on the PATH; run \`make environment\` or \`pip install ticketctl\`" >&2
    exit 127
fi
exec "$ticketctl" --config "$project" migrate apply "$@"
