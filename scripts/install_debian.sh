#!/usr/bin/env bash
# Installs a Debian package unless its program is there: install_debian.sh PROGRAM PACKAGE
set -euo pipefail
program=$1 package=$2
if command -v "$program" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$program" >/dev/null; then
  exit 0
fi
printf '\033[1mInstalling the Debian package %s (for the tests only)\033[0m\n' "$package"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "$program is missing: install the package $package as root, then run this again" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$package" >/dev/null
