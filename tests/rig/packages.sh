#!/bin/sh
# Installs the Debian packages that are missing: packages.sh SET...   (sets: see packages.txt)
#
# Needs root, or sudo. Asks the network only when something is missing. A server that this run
# installs is neither started nor left enabled as a system service; services that were there before
# are not touched.
set -eu

list=$(dirname "$0")/packages.txt
policy=/usr/sbin/policy-rc.d
saved=$policy.crier-saved
mark='# crier: no service starts while packages are installed'

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]
}

# Prints the packages of the sets that are not there; with "services", their services instead.
missing() {
    what=$1
    shift
    while read -r set package service; do
        case $set in '' | '#'*) continue ;; esac
        for wanted in "$@"; do
            if [ "$wanted" = "$set" ] && ! installed "$package"; then
                if [ "$what" = services ]; then echo "$service"; else echo "$package"; fi
            fi
        done
    done <"$list"
}

if [ "${1:-}" = --as-root ]; then
    shift
elif [ $# -eq 0 ]; then
    echo "usage: packages.sh SET..." >&2
    exit 64
elif [ -z "$(missing packages "$@")" ]; then
    exit 0
elif [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "packages.sh: these packages are missing, and there is no sudo; as root, please:" >&2
        echo "    apt-get install $(missing packages "$@" | tr '\n' ' ')" >&2
        exit 77
    }
    exec sudo sh "$0" --as-root "$@"
fi

packages=$(missing packages "$@")
services=$(missing services "$@")
[ -n "$packages" ] || exit 0

restore_policy() {
    if grep -qsF "$mark" "$policy"; then
        rm -f "$policy"
    fi
    if [ -e "$saved" ] || [ -L "$saved" ]; then
        [ -e "$policy" ] || mv "$saved" "$policy"
    fi
}

restore_policy # what an earlier run that was killed may have left
trap restore_policy EXIT
trap 'exit 1' HUP INT TERM
if [ -e "$policy" ] || [ -L "$policy" ]; then
    mv "$policy" "$saved"
fi
# Should this script be killed, its policy refuses nothing more once it is gone.
printf '#!/bin/sh\n%s\nkill -0 %d 2>/dev/null && exit 101\nexit 0\n' "$mark" $$ >"$policy"
chmod 755 "$policy"

# shellcheck disable=SC2086  # a list of words
echo packages.sh: installing $packages >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >&2
# shellcheck disable=SC2086  # a list of words
apt-get install -q -y --no-install-recommends $packages >&2

for service in $services; do
    if [ -d /run/systemd/system ]; then
        systemctl disable --now "$service" >&2 || true
    elif command -v update-rc.d >/dev/null; then
        update-rc.d "$service" disable >&2 || true
    fi
    # Without systemd running the link that enables the unit has been made all the same.
    rm -f "/etc/systemd/system/multi-user.target.wants/$service.service"
done

left=$(missing packages "$@")
if [ -n "$left" ]; then
    # shellcheck disable=SC2086
    echo packages.sh: still missing: $left >&2
    exit 69
fi
