#!/bin/bash
# Entrypoint of the mysql image: drops privileges, has an empty data folder initialised, becomes the server.
set -Eeuo pipefail

readonly RUN_AS=mysql
readonly RUN_FOLDER=/var/run/mysqld

# The effective value of a path option: configuration files first, the command line wins.
path_option() {
    local name=$1 default=$2
    shift 2
    local value
    value=$({ my_print_defaults mysqld server; printf '%s\n' "$@"; } | sed -n "s/^--$name=//p" | tail -n 1)
    printf '%s' "${value:-$default}"
}

wants_information_only() {
    local argument
    for argument in "$@"; do
        case $argument in
            -'?' | -V | --help | --version | --print-defaults) return 0 ;;
        esac
    done
    return 1
}

# Runs as root only. A bind mount or a volume filled elsewhere may belong to anybody.
hand_over_to_server_user() {
    mkdir -p "$DATA_FOLDER" "$RUN_FOLDER"
    find "$DATA_FOLDER" "$RUN_FOLDER" ! -user "$RUN_AS" -exec chown "$RUN_AS:" '{}' +
    exec setpriv --reuid="$RUN_AS" --regid="$RUN_AS" --init-groups "$0" "$@"
}

# The initialisation is a child: passwords that it reads never enter the environment of the server.
initialize() {
    initialize-data-folder.sh "$@" &
    local child=$!
    # shellcheck disable=SC2064 # the id is meant to be fixed now
    trap "kill -TERM $child 2>/dev/null; wait $child; exit 143" TERM INT
    wait "$child"
    trap - TERM INT
}

if [[ ${1:-mysqld} == -* || $# -eq 0 ]]; then
    set -- mysqld "$@"
fi
if [[ $1 != mysqld ]] || wants_information_only "$@"; then
    exec "$@"
fi

DATA_FOLDER=$(path_option datadir /var/lib/mysql "$@")
SERVER_SOCKET=$(path_option socket "$RUN_FOLDER/mysqld.sock" "$@")
export DATA_FOLDER SERVER_SOCKET

if [[ $EUID -eq 0 ]]; then
    hand_over_to_server_user "$@"
fi
initialize "$@"
unset DATA_FOLDER SERVER_SOCKET MYSQL_ROOT_PASSWORD MYSQL_PASSWORD
exec "$@"
