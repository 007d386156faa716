#!/bin/sh
# Debian packages without which some tests would be skipped; for CI, as root.
set -eu
packages="fish git libfaketime make python3-venv util-linux zsh"
missing=""
for package in $packages; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
apt-get update -q
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
