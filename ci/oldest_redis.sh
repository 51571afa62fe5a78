#!/usr/bin/env bash
# Print the path of a Redis 7.0, the oldest server that the store works with. `bin/ci servers` calls it.
#
# It is the binary of OLDEST_REDIS, the redis-server on the PATH, or the package of Debian or Ubuntu, unpacked into .dev/:
# that needs no root, installs nothing and starts no service.
set -euo pipefail

folder="$PWD/.dev/oldest-redis"

fits() { [[ "$("$1" --version 2>/dev/null)" == "Redis server v=7.0."* ]]; }

main() {
  if [[ -n "${OLDEST_REDIS:-}" ]]; then
    fits "$OLDEST_REDIS" || give_up "OLDEST_REDIS=$OLDEST_REDIS is no Redis 7.0."
    echo "$OLDEST_REDIS"
    return
  fi
  local candidate
  for candidate in "$(command -v redis-server || true)" "$folder/redis-server"; do
    if fits "$candidate"; then echo "$candidate"; return; fi
  done
  { command -v apt-get && command -v dpkg; } >/dev/null ||
    give_up "There is no redis-server 7.0 on the PATH, and no apt-get and dpkg to fetch one."
  # The lists of packages may be missing or old; only root can renew them.
  unpack >&2 || { [[ $EUID -eq 0 ]] && apt update --quiet >&2 && unpack >&2; } ||
    give_up "The package redis-server could not be fetched with apt-get."
  fits "$folder/redis-server" || give_up "The package redis-server of this system is no Redis 7.0."
  echo "$folder/redis-server"
}

# With every library that is not on this machine.
unpack() {
  rm -rf "$folder" && mkdir -p "$folder/packages"
  local packages
  packages="$(apt --simulate --no-install-recommends install redis-server | awk '/^Inst / { print $2 }')"
  [[ -n "$packages" ]] || return 1
  # shellcheck disable=SC2086
  (cd "$folder/packages" && apt --quiet download $packages) || return 1
  local package
  for package in "$folder"/packages/*.deb; do dpkg -x "$package" "$folder/root" || return 1; done
  cat >"$folder/redis-server" <<'SCRIPT'
#!/bin/sh
root="$(cd "$(dirname "$0")/root" && pwd)"
libraries="$(echo "$root"/usr/lib/*-linux-gnu)"
LD_LIBRARY_PATH="$libraries" exec "$root/usr/bin/redis-server" "$@"
SCRIPT
  chmod +x "$folder/redis-server"
}

apt() { timeout 300 apt-get -o Acquire::http::Timeout=20 "$@"; }

give_up() { echo "$*" >&2; exit 1; }

main
