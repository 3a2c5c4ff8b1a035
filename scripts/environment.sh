# Sourced by scripts/run and scripts/test, in the repository's root: a Python environment of ours.
#   PYTHON=python3.13             choose the interpreter (3.11 or newer)
#   TOPCALLS_TEST_INSTALL=0       never install Debian packages

say() { printf '%s\n' "$*" >&2; }

can_install() {
    [[ ${TOPCALLS_TEST_INSTALL:-1} != 0 ]] && command -v apt-get >/dev/null &&
        { [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null; }
}

apt_updated=
apt_install() { # package…; quiet, never asks; false when it cannot be done
    local -a as_root=()
    can_install || return 1
    [[ $(id -u) == 0 ]] || as_root=(sudo -n)
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    say "Installing Debian packages: $*"
    if [[ -z $apt_updated ]]; then
        "${as_root[@]}" apt-get update -qq </dev/null >&2 || return 1
        apt_updated=yes
    fi
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

ensure_venv_module() { # Debian keeps the venv module in a package of its own
    local version
    "$1" -c 'import venv; from ensurepip import version' 2>/dev/null && return
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    apt_install "python$version-venv" || apt_install python3-venv || true
    if ! "$1" -c 'import venv; from ensurepip import version' 2>/dev/null; then
        say "$1 cannot make virtual environments. Install the package python$version-venv:"
        say "  apt-get install python$version-venv"
        exit 1
    fi
}

ensure_environment() { # directory extras; installs only when something changed
    local venv=$1 extras=$2 python wanted
    [[ -n ${PYTHON:-} ]] || find_python >/dev/null || apt_install python3 || true
    python=$(find_python) || {
        say "Python 3.11 or newer is needed. Install it, or name it: PYTHON=/path/to/python $0"
        exit 1
    }
    wanted=$(cat setup.cfg pyproject.toml; echo "$PWD $extras"; "$python" -VV)
    wanted=$(sha256sum <<<"$wanted")
    [[ -f $venv/installed && $(<"$venv/installed") == "$wanted" ]] && return
    if [[ ! -f $venv/python || $(<"$venv/python") != "$PWD $python" ]]; then
        ensure_venv_module "$python"
        rm -rf "$venv"
        "$python" -m venv "$venv"
        echo '*' >"$venv/.gitignore"
        echo "$PWD $python" >"$venv/python"
    fi
    rm -f "$venv/installed"
    say "Installing Python packages into $venv (the first time takes a minute or two)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --use-pep517 \
        --upgrade --upgrade-strategy only-if-needed -e ".[$extras]" </dev/null
    echo "$wanted" >"$venv/installed"
}
