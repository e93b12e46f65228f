#!/bin/bash
# Initialises an empty data folder: system tables, accounts, the files of /docker-entrypoint-initdb.d.
#
# A marker file stands in the folder from before the first write until after the last one. A folder with the
# marker was never served, so it holds nothing but what an interrupted run of this script made: it is emptied
# and made again. A folder with system tables and no marker is finished and is not touched. Anything else is
# somebody's data: refused.
set -Eeuo pipefail
shopt -s nullglob

readonly MARKER="$DATA_FOLDER/.initialization-in-progress"
readonly INIT_FOLDER=/docker-entrypoint-initdb.d
step='initialisation'
finished=no
server=

log() { printf '%s [%s] [Entrypoint]: %s\n' "$(date --utc +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" >&2; }
fail() {
    log ERROR "$1"
    step=
    exit 1
}

# Also catches an init file that ends this shell with `exit 0`: nothing but the last line makes it finished.
on_exit() {
    local status=$?
    [[ $finished == yes ]] && return
    [[ -z $step ]] || log ERROR "$step failed (exit $status); the data folder will be made again at the next start"
    exit "$((status == 0 ? 1 : status))"
}

on_signal() {
    log Note "stopped during the $step; the data folder will be made again at the next start"
    step=
    # shellcheck disable=SC2046 # one word for each job
    kill -TERM $(jobs -p) 2>/dev/null || true
    exit 143
}

# In the background, as a shell handles no signal while a foreground command runs.
interruptible() {
    "$@" <&0 &
    wait "$!"
}

# VARIABLE or VARIABLE_FILE, exported for the init scripts. Both is a contradiction.
read_setting() {
    local name=$1 default=${2-} file_name="$1_FILE"
    local value=${!name-} file=${!file_name-}
    [[ -z $value || -z $file ]] || fail "both $name and $file_name are set; set one of them"
    if [[ -n $file ]]; then
        [[ -r $file ]] || fail "$file_name names $file, which cannot be read by uid $EUID"
        value=$(<"$file")
    fi
    export "$name=${value:-$default}"
    unset "$file_name"
}

read_settings() {
    read_setting MYSQL_ROOT_PASSWORD
    read_setting MYSQL_ROOT_HOST '%'
    read_setting MYSQL_DATABASE
    read_setting MYSQL_USER
    read_setting MYSQL_PASSWORD
    if [[ -z $MYSQL_ROOT_PASSWORD && -z ${MYSQL_ALLOW_EMPTY_PASSWORD-} && -z ${MYSQL_RANDOM_ROOT_PASSWORD-} ]]; then
        fail 'the data folder is empty and no root password is given: set MYSQL_ROOT_PASSWORD, MYSQL_ROOT_PASSWORD_FILE, MYSQL_RANDOM_ROOT_PASSWORD or MYSQL_ALLOW_EMPTY_PASSWORD'
    fi
    [[ $MYSQL_USER != root ]] || fail 'MYSQL_USER=root: root exists already; use MYSQL_ROOT_PASSWORD'
    if [[ -n $MYSQL_USER && -z $MYSQL_PASSWORD ]]; then
        log Warning 'MYSQL_USER without MYSQL_PASSWORD: the user is not created'
    fi
    if [[ -n ${MYSQL_RANDOM_ROOT_PASSWORD-} ]]; then
        MYSQL_ROOT_PASSWORD=$(head -c 24 /dev/urandom | base64)
        log Note "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
    fi
}

contents() { find "$DATA_FOLDER" -mindepth 1 -maxdepth 1 ! -name lost+found ! -path "$MARKER" "$@"; }

# Leaves the folder empty but for the marker, and locked against a second container on the same volume.
claim_folder() {
    if [[ ! -e $MARKER && -n $(contents -print -quit) ]]; then
        fail "$DATA_FOLDER is not empty and holds no MySQL system tables; nothing was changed"
    fi
    exec {lock}>>"$MARKER"
    flock --nonblock "$lock" || fail "another container is initialising $DATA_FOLDER"
    if [[ -n $(contents -print -quit) ]]; then
        log Note 'an earlier initialisation was interrupted; starting over'
        contents -exec rm -rf -- '{}' +
    fi
    sync "$DATA_FOLDER"
}

# A named time zone needs tables that do not exist yet. The flags stand last, where they win.
start_server() {
    "$@" --skip-networking --socket="$SERVER_SOCKET" --default-time-zone=SYSTEM --autocommit=1 &
    server=$!
    until mysqladmin --no-defaults --user=root --socket="$SERVER_SOCKET" --silent ping >/dev/null 2>&1; do
        kill -0 "$server" 2>/dev/null || fail 'the server ended while it was being set up; its last lines are above'
        interruptible sleep 0.1
    done
}

stop_server() {
    kill -TERM "$server"
    wait "$server"
}

sql_text() { # as an SQL string literal
    local value=${1//\\/\\\\}
    printf "'%s'" "${value//\'/\\\'}"
}
sql_name() { # as a quoted identifier
    # shellcheck disable=SC2016 # the quotes of the identifier
    printf '`%s`' "${1//\`/\`\`}"
}

accounts_sql() {
    # The escapes of sql_text are those of the default mode, whatever the command line says.
    echo "SET SESSION sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''), sql_log_bin = 0;"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(sql_text "$MYSQL_ROOT_PASSWORD");"
    if [[ $MYSQL_ROOT_HOST != localhost ]]; then
        local root
        root="'root'@$(sql_text "$MYSQL_ROOT_HOST")"
        echo "CREATE USER $root IDENTIFIED BY $(sql_text "$MYSQL_ROOT_PASSWORD");"
        echo "GRANT ALL ON *.* TO $root WITH GRANT OPTION;"
    fi
    echo 'SET SESSION sql_log_bin = 1;'
    [[ -z $MYSQL_DATABASE ]] || echo "CREATE DATABASE IF NOT EXISTS $(sql_name "$MYSQL_DATABASE");"
    if [[ -n $MYSQL_USER && -n $MYSQL_PASSWORD ]]; then
        local user
        user="$(sql_text "$MYSQL_USER")@'%'"
        echo "CREATE USER $user IDENTIFIED BY $(sql_text "$MYSQL_PASSWORD");"
        # In a grant's database name an underscore is a wildcard unless escaped.
        [[ -z $MYSQL_DATABASE ]] || echo "GRANT ALL ON $(sql_name "${MYSQL_DATABASE//_/\\_}").* TO $user;"
    fi
}

# Through a pipe: a password on a command line is there for everybody to read.
client_options() {
    local password=${MYSQL_ROOT_PASSWORD//\\/\\\\}
    printf '[client]\npassword="%s"\n' "${password//\"/\\\"}"
}

# Statements from stdin, as root. The name is part of the contract: sourced init scripts call it, with arguments too.
# shellcheck disable=SC2120
docker_process_sql() {
    mysql --defaults-extra-file=<(client_options) --protocol=socket --socket="$SERVER_SOCKET" --user=root \
        --comments ${MYSQL_DATABASE:+--database="$MYSQL_DATABASE"} "$@"
}

# shellcheck disable=SC2119
process_compressed_sql() { gzip -dc "$1" | docker_process_sql; }

run_init_files() {
    local file
    for file in "$INIT_FOLDER"/*; do
        step="init file $file"
        case $file in
            *.sh)
                log Note "running $file"
                # shellcheck disable=SC1090 # named by the user
                if [[ -x $file ]]; then interruptible "$file"; else . "$file"; fi
                ;;
            *.sql)
                log Note "running $file"
                interruptible docker_process_sql <"$file"
                ;;
            *.sql.gz)
                log Note "running $file"
                interruptible process_compressed_sql "$file"
                ;;
            *) log Warning "ignoring $file: neither .sh, .sql nor .sql.gz" ;;
        esac
    done
}

if [[ -d $DATA_FOLDER/mysql && ! -e $MARKER ]]; then
    exit 0
fi
trap on_exit EXIT
trap on_signal TERM INT
read_settings
claim_folder
log Note "initialising $DATA_FOLDER"
interruptible "$@" --initialize-insecure --default-time-zone=SYSTEM --autocommit=1
step='start of the temporary server'
start_server "$@"
step='creation of the accounts'
mysql --no-defaults --socket="$SERVER_SOCKET" --user=root < <(accounts_sql)
run_init_files
step='stop of the temporary server'
stop_server
rm "$MARKER"
sync "$DATA_FOLDER"
finished=yes
log Note 'initialisation done'
