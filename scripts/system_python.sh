# shellcheck shell=sh
# Find a Python for the project, or install the distribution's. Sourced by environment.sh, which
# supplies `say` and `fail`.

CANDIDATES="python3.13 python3.12 python3.11 python3 python3.14"
APT_PATIENCE=300    # seconds to wait for another process that uses apt
UPDATE_PATIENCE=300 # seconds for the package lists

# A name on PATH is not enough: it may be too old, or a shim that starts nothing. Debian's Python
# lacks ensurepip until python3-venv is installed.
is_usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-$CANDIDATES}; do
        if is_usable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# What was seen, for the message.
seen_pythons() {
    seen=
    for candidate in ${PYTHON:-$CANDIDATES}; do
        version=$(version_of "$candidate") || continue
        "$candidate" -c 'import venv, ensurepip' 2>/dev/null || version="$version without venv"
        seen="$seen${seen:+, }$candidate is $version"
    done
    printf '%s' "${seen:-none of $CANDIDATES is here}"
}

# Print the prefix that makes a command run as root; fail where this user may not.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        return
    fi
    command -v sudo >/dev/null 2>&1 || return 1
    if sudo -n true 2>/dev/null; then
        printf 'sudo -n'
    elif [ -t 0 ] && [ -z "${CI:-}" ]; then
        sudo -v -p 'environment: installing Python needs root; password of %u for sudo: ' && printf 'sudo -n'
    else
        return 1
    fi
}

# Run apt-get. Who calls it makes $apt_log and removes it; where this fails it stays, as the message names it.
# Another process that holds its lock is waited for. Seen: `apt-get update` that hangs for
# ever after a fetch that failed; it is cut off and tried once more. An installation is never cut off.
apt_get() {
    deadline=$(($(date +%s) + APT_PATIENCE)) told='' cut_off='' limit=''
    [ "$1" != update ] || limit="timeout $UPDATE_PATIENCE"
    # shellcheck disable=SC2086 # each is one word or several
    until $root env DEBIAN_FRONTEND=noninteractive LC_ALL=C $limit apt-get -qq "$@" >>"$apt_log" 2>&1; do
        status=$?
        holder=$(grep -o 'is held by process.*' "$apt_log" | tail -n 1)
        if [ "$status" -eq 124 ] && [ -z "$cut_off" ]; then
            cut_off=yes
            say "apt-get $1 did not end, trying once more"
        elif [ -z "$holder" ] || [ "$(date +%s)" -ge "$deadline" ]; then
            fail "apt-get $1 failed; all of its output is in $apt_log" "$(grep -E '^(E|W|dpkg): ' "$apt_log" | tail -n 4)" \
                "when apt works again, the same command again"
        else
            [ -n "$told" ] || say "waiting for apt, whose lock $holder"
            told=yes
            sleep 3
        fi
        : >"$apt_log"
    done
}

# Install the distribution's Python and print its name.
install_python() {
    packages="python3 python3-venv"
    [ -e /etc/ssl/certs/ca-certificates.crt ] || packages="$packages ca-certificates"
    next="install Python 3.11 or newer with its venv module (Debian, Ubuntu: as root \`apt-get install $packages\`), or name one: \`make PYTHON=/path/to/python3.12\`"
    [ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON is no Python 3.11 or newer with venv" "$(seen_pythons)" "$next"
    command -v apt-get >/dev/null 2>&1 ||
        fail "Python 3.11 or newer is needed" "$(seen_pythons); it is installed by itself only where there is apt" "$next"
    root=$(as_root) ||
        fail "Python 3.11 or newer is needed" "$(seen_pythons); this user is neither root nor may use sudo without a password" "$next"
    apt_log=$(mktemp "${TMPDIR:-/tmp}/ticketctl-apt-XXXXXX")
    say "installing $packages"
    apt_get update
    # shellcheck disable=SC2086 # a list of names
    apt_get install -y --no-install-recommends $packages
    rm -f "$apt_log"
    find_python || fail "the distribution's Python is too old" "$(seen_pythons)" "$next"
}
