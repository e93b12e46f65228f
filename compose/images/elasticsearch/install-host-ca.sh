#!/bin/sh
# Trusts the certificates of a bundle, if the bundle is there: the system's store and, by its hook, Java's.
set -eu
bundle=$1
[ -s "$bundle" ] || exit 0
# One certificate a file: of several in one file, only the first is taken.
awk -v folder=/usr/local/share/ca-certificates '
    /-----BEGIN CERTIFICATE-----/ { file = sprintf("%s/host-%04d.crt", folder, ++count) }
    file != "" { print > file }
    /-----END CERTIFICATE-----/ { close(file); file = "" }
' "$bundle"
update-ca-certificates
