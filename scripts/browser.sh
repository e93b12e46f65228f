#!/bin/sh
# See that the tests have a browser, and print it and its driver, a line each: what this machine has, or
# Debian's Chromium, installed if this user may; else one screen says what to do. `--find` only looks.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/system_python.sh
. scripts/system_python.sh

BROWSERS="google-chrome google-chrome-stable chromium chromium-browser"
PACKAGES="chromium chromium-driver"
STARTED=$(date +%s)
NEXT="install Chromium or Google Chrome and the chromedriver of its version (Debian: as root \`apt-get install $PACKAGES\`), both on PATH, then the same command again"

say() {
    printf 'browser %3ds  %s\n' "$(($(date +%s) - STARTED))" "$1" >&2
}

# A screen instead of a trace: what, why, next.
fail() {
    printf '\nbrowser: %s\n  why:  %s\n  next: %s\n' "$1" "$2" "$3" >&2
    exit 1
}

# The first number of a version: a driver drives browsers of its own alone.
major_of() {
    "$1" --version 2>/dev/null | sed -n 's/[^0-9]*\([0-9][0-9]*\)\..*/\1/p' | head -n 1
}

# Asking a browser for its version takes a while, so it is done only where there are several.
find_browser() {
    driver=$(command -v chromedriver) || return 1
    browser='' others=''
    for candidate in $BROWSERS; do
        found=$(command -v "$candidate") || continue
        others="${browser:+yes}" browser=${browser:-$found}
    done
    [ -n "$browser" ] || return 1
    [ -z "$others" ] || browser=$(browser_of_driver)
    printf '%s\n%s\n' "$browser" "$driver"
}

browser_of_driver() {
    wanted=$(major_of "$driver")
    for candidate in $BROWSERS; do
        if found=$(command -v "$candidate") && [ "$(major_of "$found")" = "$wanted" ]; then
            printf '%s' "$found"
            return
        fi
    done
    printf '%s' "$browser"
}

# What is here, for the message.
seen() {
    found=
    for candidate in $BROWSERS chromedriver; do
        ! command -v "$candidate" >/dev/null 2>&1 || found="$found${found:+, }$candidate"
    done
    printf 'of a browser and its driver there is here: %s' "${found:-neither}"
}

# Lists that cannot be renewed are no reason to stop: those that are here may do.
renew_lists() (
    # shellcheck disable=SC2317,SC2329 # apt_get calls it
    fail() {
        say "the package lists could not be renewed: $2"
        exit 0
    }
    apt_get update
)

install_browser() {
    command -v apt-get >/dev/null 2>&1 || fail "the tests need a browser" "$(seen); it is installed by itself only where there is apt" "$NEXT"
    root=$(as_root_unasked) || fail "the tests need a browser" "$(seen); this user is neither root nor may use sudo without a password" "$NEXT"
    apt_log=$(mktemp "${TMPDIR:-/tmp}/ticketctl-apt-XXXXXX")
    say "installing $PACKAGES"
    renew_lists
    for package in $PACKAGES; do
        ! apt-cache show "$package" >/dev/null 2>&1 || continue
        rm -f "$apt_log" # only a failure of apt-get names it
        fail "the tests need a browser" "$(seen); this distribution has no package $package" "$NEXT"
    done
    # What a killed dpkg left half-done would refuse every installation.
    # shellcheck disable=SC2086 # one word or several
    $root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a >>"$apt_log" 2>&1 || true
    # shellcheck disable=SC2086 # a list of names
    apt_get install -y --no-install-recommends $PACKAGES
    rm -f "$apt_log"
}

# Print the prefix that makes a command run as root; fail where that would need a password.
as_root_unasked() {
    [ "$(id -u)" -eq 0 ] || { sudo -n true 2>/dev/null && printf 'sudo -n'; }
}

! find_browser || exit 0
[ "${1:-}" != --find ] || fail "the tests need a browser" "$(seen)" "\`scripts/browser.sh\` installs one where it may; else $NEXT"
install_browser
find_browser || fail "what was installed is no browser with a driver" "$(seen)" "$NEXT"
