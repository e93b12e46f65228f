#!/bin/bash
# Entrypoint of the elasticsearch image: turns environment variables into settings, puts the password of `elastic`
# into the keystore, becomes the server's launcher.
set -euo pipefail
umask 0002

readonly ES_HOME=/usr/share/elasticsearch
readonly KEYSTORE=${ES_PATH_CONF:-$ES_HOME/config}/elasticsearch.keystore
# For the tools' Java, not the server's. An archive that does not fit is passed over in silence.
export CLI_JAVA_OPTS="-XX:SharedArchiveFile=$ES_HOME/jdk/lib/server/tools.jsa -Xshare:auto -Xlog:disable -Xlog:all=error:stderr ${CLI_JAVA_OPTS-}"

fail() {
    echo "ERROR: $1" >&2
    exit 1
}

# NAME_FILE to NAME. Unreadable by others: that is demanded of a file with a password, as by the official image.
read_secret() {
    local name=$1 file_name="$1_FILE"
    local file=${!file_name-} mode
    [[ -n $file ]] || return 0
    [[ -z ${!name-} ]] || fail "both $file_name and $name are set; set one of them"
    [[ -r $file ]] || fail "$file_name names $file, which cannot be read by uid $EUID"
    mode=$(stat --dereference --format=%a "$file")
    [[ $mode == 400 || $mode == 600 ]] || fail "$file, named by $file_name, must have mode 400 or 600, but has $mode"
    printf -v "$name" '%s' "$(<"$file")"
    unset "$file_name"
}

# Two spellings: `discovery.type=…` as it is, and ES_SETTING_DISCOVERY_TYPE=… (one _ for a dot, two for a _).
settings_from_environment() {
    local name value
    while IFS='=' read -r -d '' name value; do
        if [[ $name == ES_SETTING_?* ]]; then
            name=${name#ES_SETTING_}
            name=${name//__/$'\n'}
            name=${name//_/.}
            name=${name//$'\n'/_}
            settings+=("-E${name,,}=$value")
        elif [[ $name =~ ^[-a-z0-9_]+(\.[-a-z0-9_]+)+$ ]]; then
            settings+=("-E$name=$value")
        fi
    done < <(env --null)
}

set_bootstrap_password() {
    [[ -n $ELASTIC_PASSWORD ]] || return 0
    [[ -e $KEYSTORE ]] || cp --preserve=mode "$ES_HOME/empty.keystore" "$KEYSTORE"
    elasticsearch-keystore add --stdin --force bootstrap.password <<<"${KEYSTORE_PASSWORD:+$KEYSTORE_PASSWORD$'\n'}$ELASTIC_PASSWORD"
}

if [[ $# -eq 0 || $1 == -* ]]; then
    set -- eswrapper "$@"
fi
if [[ $1 != eswrapper && ${1##*/} != elasticsearch ]]; then
    exec "$@"
fi
if [[ $EUID -eq 0 ]]; then
    [[ -z ${TAKE_FILE_OWNERSHIP-} ]] || chown -R 1000:0 "$ES_HOME/data" "$ES_HOME/logs"
    exec setpriv --reuid=1000 --regid=0 --clear-groups "$0" "$@"
fi
shift

read_secret ELASTIC_PASSWORD
read_secret KEYSTORE_PASSWORD
ELASTIC_PASSWORD=${ELASTIC_PASSWORD-}
KEYSTORE_PASSWORD=${KEYSTORE_PASSWORD-}
settings=()
settings_from_environment
set_bootstrap_password
# The server gets neither: what it needs is in the keystore.
export -n ELASTIC_PASSWORD KEYSTORE_PASSWORD
exec elasticsearch "${settings[@]}" "$@" <<<"$KEYSTORE_PASSWORD"
