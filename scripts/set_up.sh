#!/bin/sh
# Find a Python that will do, installing Debian's where there is none, and hand over to set_up.py.
set -eu
cd "$(dirname "$0")/.."

suits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

# A ROS distribution's modules are built for the system's Python, whatever comes first on PATH.
if [ -n "${ROS_DISTRO:-}" ] && [ -z "${PYTHON:-}" ]; then
    candidates='/usr/bin/python3 python3'
else
    candidates="${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10 /usr/bin/python3}"
fi
find_python() {
    for candidate in $candidates; do
        if suits "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ] && command -v apt-get >/dev/null 2>&1; then
    as_root=''
    if [ "$(id -u)" != 0 ]; then as_root='sudo -n'; fi
    if $as_root true 2>/dev/null; then
        echo '[setup] no Python 3.10 to 3.13 found: installing python3 and python3-venv ...' >&2
        $as_root apt-get update -qq >&2 || true
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends python3 python3-venv >&2 || true
        python=$(find_python)
    fi
fi
if [ -z "$python" ]; then
    cat >&2 <<'END'
[setup] no Python 3.10, 3.11, 3.12 or 3.13 was found. Install one, or name one that lies elsewhere:
    sudo apt-get install -y python3 python3-venv
    make setup PYTHON=/path/to/python3
END
    exit 1
fi
exec "$python" scripts/set_up.py "$@"
