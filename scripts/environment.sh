#!/bin/sh
# Make .venv from constraints.txt, or see in a moment that it is up to date.
#
# PYTHON=/path/to/python chooses the interpreter. Where none of 3.11 or newer is found, the
# distribution's is installed if this user may; else one screen says what to do.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/system_python.sh
. scripts/system_python.sh

VENV=.venv
STAMP=$VENV/.ticketctl-stamp           # what the environment was made from; absent while it is not whole
UNFINISHED=$VENV/.ticketctl-unfinished # there while this script works: it was killed if it finds that
LOG=$VENV/install.log
STARTED=$(date +%s)

say() {
    printf 'environment %3ds  %s\n' "$(($(date +%s) - STARTED))" "$1" >&2
}

# A screen instead of a trace: what, why, next.
fail() {
    printf '\nenvironment: %s\n  why:  %s\n  next: %s\n' "$1" "$2" "$3" >&2
    exit 1
}

digest() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# A virtual environment cannot be moved, so the folder is part of what it was made from.
wanted_stamp() {
    { pwd -P && cat constraints.txt pyproject.toml scripts/environment.sh; } | digest
}

is_current() {
    [ "$(cat "$STAMP" 2>/dev/null)" = "$1" ] && has_right_python
}

# It starts, and it is of the version that PYTHON asks for, if that is set.
has_right_python() {
    version=$(version_of "$VENV/bin/python") && { [ -z "${PYTHON:-}" ] || [ "$version" = "$(version_of "$PYTHON")" ]; }
}

# One at a time: two commands in one checkout must not install into each other's work.
# The lock belongs to the open file, so the kernel gives it back when this script is killed.
lock() {
    command -v flock >/dev/null 2>&1 || return 0
    exec 9<constraints.txt
    flock -n 9 && return 0
    say "another command is making it, waiting for that"
    flock 9
}

# An environment that somebody made by hand is installed into; one that this script left
# unfinished, or whose Python is gone, is made again.
create() {
    if [ -e "$UNFINISHED" ] || ! has_right_python || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        python=$(find_python) || python=$(install_python)
        [ ! -e "$VENV" ] || say "the one that is here is broken, unfinished or of another Python: making it again"
        rm -rf "$VENV"
        mkdir "$VENV"
        : >"$UNFINISHED"
        say "with $("$python" --version 2>&1) ($python)"
        "$python" -m venv "$VENV" >"$LOG" 2>&1 || fail "a virtual environment cannot be made" \
            "$(tail -n 3 "$LOG")" "install the venv module of $python, or choose another with PYTHON="
    fi
    rm -f "$STAMP"
    : >"$UNFINISHED"
}

# pip before 24.2 knows nothing of SSL_CERT_FILE, by which companies with a TLS-inspecting proxy
# name their authority. What is set for pip itself goes first.
trust_host_authorities() {
    [ -z "${PIP_CERT:-}${REQUESTS_CA_BUNDLE:-}" ] && [ -n "${SSL_CERT_FILE:-}" ] || return 0
    "$VENV/bin/python" -m pip config list 2>/dev/null | grep -q '\.cert=' || export PIP_CERT="$SSL_CERT_FILE"
}

# pip's many lines go to the log; what a reader needs of them goes to the screen.
pip_install() {
    { "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off "$@" 2>&1 ||
        echo "exit $?" >"$UNFINISHED"; } | tee -a "$LOG" | show_progress
    [ ! -s "$UNFINISHED" ] || fail "pip failed ($(cat "$UNFINISHED")); all of its output is in $LOG" \
        "$(grep -vE '^ *(Collecting|Using|Downloading|Looking|Requirement) ' "$LOG" | cut -c 1-200 | tail -n 6)" \
        "see whether this machine reaches its package index (\`pip config list\`, proxy, SSL_CERT_FILE), then the same command again"
}

show_progress() {
    fetched=0 shown=$(date +%s)
    while IFS= read -r line; do
        case $line in
            Collecting*) fetched=$((fetched + 1)) ;;
            Installing\ collected\ packages:\ ticketctl) say "installing ticketctl itself" && continue ;;
            Installing\ collected*) say "installing what was fetched" && continue ;;
            *) continue ;;
        esac
        now=$(date +%s)
        if [ "$now" -ge $((shown + 3)) ]; then
            say "$fetched of $PACKAGES packages fetched" && shown=$now
        fi
    done
}

stamp=$(wanted_stamp)
! is_current "$stamp" || exit 0
lock
! is_current "$stamp" || exit 0
create
PACKAGES=$(grep -E '^[a-zA-Z0-9].*==' constraints.txt | grep -cvE "win32|full_version < '3.11" || true)
export PIP_USER=0
trust_host_authorities
say "installing $PACKAGES packages, each checked against its hash"
pip_install --require-hashes -r constraints.txt
pip_install --no-deps --no-build-isolation -e .
printf '%s\n' "$stamp" >"$STAMP"
rm -f "$UNFINISHED"
say "ready"
