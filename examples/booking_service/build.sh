#!/bin/sh
# Build the image of the example booking service from this checkout: examples/booking_service/build.sh [TAG]
#
# BASE=<image> is a Debian bookworm root; if it is not set, the one that `ticketctl images build` has made is taken,
# and where that has not been needed, the Dockerfile's own.
# PYTHON=<interpreter> is one with hatchling, if not the checkout's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
tag=${1:-ticketctl/example-booking:latest}
python=${PYTHON:-$checkout/.venv/bin/python}

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
trap 'exit 130' INT TERM

mkdir "$context/wheels"
(cd "$checkout" && "$python" -m hatchling build --target wheel --directory "$context/wheels" >/dev/null)
cp "$here/Dockerfile" "$context/"
# A requirement of constraints.txt goes on over all lines but the last with a backslash at their ends.
awk '
    NR == FNR { if ($0 !~ /^#/) wanted[$0]; next }
    !inside && /^[a-z0-9]/ { split($0, words, "=="); taken = words[1] in wanted }
    /^[^#]/ { if (taken && $0 !~ /^ *#/) print; inside = /\\$/ }
' "$here/requirements.txt" "$checkout/constraints.txt" >"$context/requirements.txt"
(cd "$here" && find booking_service -type f ! -path '*/__pycache__/*') | while IFS= read -r file; do
    mkdir -p "$context/$(dirname "$file")"
    cp "$here/$file" "$context/$file"
done

# The certificate authorities of this machine, for networks whose proxy inspects TLS; they stay out of the image.
for bundle in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt; do
    if [ -n "$bundle" ] && [ -f "$bundle" ]; then
        cp "$bundle" "$context/host-ca.crt"
        break
    fi
done

local_base=ticketctl/base:bookworm
if [ -z "${BASE:-}" ] && docker image inspect "$local_base" >/dev/null 2>&1; then
    BASE=$local_base
fi
# The same files with other times would be other layers, and the engine's cache would not hold.
find "$context" -exec touch -h -d @0 {} +
docker build ${BASE:+--build-arg "BASE=$BASE"} --tag "$tag" "$context"
