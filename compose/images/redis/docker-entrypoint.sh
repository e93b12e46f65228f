#!/bin/bash
# Entrypoint of the redis image: completes the command, drops privileges, becomes the server.
set -euo pipefail

readonly RUN_AS=redis

# The official server is compiled with protected mode off, as a container is reached from other hosts by design.
# Ours is Debian's, so the same is said by a flag; it stands where anything that the user says wins over it.
# Where that cannot be known (a file that includes others, settings on stdin), nothing is added.
without_protected_mode() {
    local -a settings_file=()
    if [[ ${2-} == - ]] || { [[ -f ${2-} ]] && grep -qiE '^[[:space:]]*(protected-mode|include)[[:space:]]' "$2"; }; then
        command=("$@")
        return
    fi
    if [[ $# -gt 1 && $2 != -* ]]; then
        settings_file=("$2")
    fi
    command=("$1" "${settings_file[@]}" --protected-mode no "${@:2+${#settings_file[@]}}")
}

wants_information_only() { [[ ${2-} == -v || ${2-} == --version || ${2-} == -h || ${2-} == --help || ${2-} == --test-memory ]]; }

if [[ $# -eq 0 || $1 == -* || $1 == *.conf ]]; then
    set -- redis-server "$@"
fi
if [[ $1 != redis-server ]] || wants_information_only "$@"; then
    exec "$@"
fi
if [[ $EUID -eq 0 ]]; then
    find . ! -user "$RUN_AS" -exec chown "$RUN_AS:" '{}' +
    exec setpriv --reuid="$RUN_AS" --regid="$RUN_AS" --init-groups "$0" "$@"
fi
# Snapshots and append-only files hold the data: nobody else reads them.
if [[ $(umask) == 0022 ]]; then
    umask 0077
fi
without_protected_mode "$@"
exec "${command[@]}"
