#!/bin/sh
# Write constraints.txt: every dependency with the hashes of all its files, for Python 3.11 and newer
# on every platform. Pins that still fit are kept; UPGRADE=1 takes the newest.
set -eu
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if ! command -v uv >/dev/null 2>&1; then
    .venv/bin/python -m venv "$folder/venv"
    "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
    PATH=$folder/venv/bin:$PATH
fi

set -- --universal --python-version 3.11 --generate-hashes --all-extras \
    --no-header --no-emit-index-url --no-emit-find-links --system-certs
[ -z "${UPGRADE:-}" ] || set -- "$@" --upgrade
[ ! -e constraints.txt ] || cp constraints.txt "$folder/pins.txt"
uv pip compile --quiet "$@" --output-file "$folder/pins.txt" pyproject.toml >/dev/null
{
    echo "# Every dependency, with the hashes of all its files. Written by \`make constraints\`; do not edit."
    cat "$folder/pins.txt"
} >constraints.txt
