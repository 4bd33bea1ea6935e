#!/bin/sh
# Set-up, from nothing but Python, make and Node. Each part is skipped in milliseconds when the
# files that it depends on have not changed.
#
#   tools/setup.sh python    .venv from requirements.lock, with the package installed editable
#   tools/setup.sh node      node_modules from package-lock.json, with anvil linked into .venv/bin
#   tools/setup.sh mamushi   the Vyper formatter, alone in .tools/mamushi because it pins click
#   tools/setup.sh lock      rewrite the Python lock files
#
# PYTHON=/path/to/python chooses the interpreter. Packages come from the index that pip or uv is
# configured with; the lock files name none, and every package is checked against its hash.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "setup: $*" >&2; }
die() { say "$@"; exit 1; }

# A stamp holds a checksum of all that a part was built from.
digest() { { pwd; cat "$@"; } | cksum; }
is_current() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# --- Python ------------------------------------------------------------------------------------

# Prints the real path of the interpreter if it runs and is 3.11 or 3.12. A version manager may
# leave a command in PATH that fails when it is called: only running it tells.
usable_python() {
    "$1" -c 'import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 12): sys.exit(1)
print(sys.executable)' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        usable_python "$PYTHON" || die "PYTHON=$PYTHON is not a working Python 3.11 or 3.12:" \
            "$("$PYTHON" --version 2>&1 | head -n 1). Point PYTHON at one, or unset it."
        return
    fi
    for candidate in python3.12 python3.11 python3 python; do
        usable_python "$candidate" && return
    done
    die "Ballast needs Python 3.11 or 3.12, and none was found" \
        "(python3 is: $(python3 --version 2>&1 | head -n 1)). Install one of them," \
        "or name it: make test PYTHON=/path/to/python3.12"
}

# uv reads neither pip's configuration nor, by default, the system's certificates; a machine that
# is set up for pip alone should do. What is set for uv already stays.
follow_pip() {
    settings=$("$1" -m pip config list 2>/dev/null || true) # environment first, then files
    pip_setting() { printf '%s\n' "$settings" | sed -n "s/^[a-z:]*\.$1='\(.*\)'\$/\1/p" | head -n 1; }
    default() { if eval "[ -z \"\${$1:-}\" ]" && [ -n "$2" ]; then export "$1=$2"; fi; }
    default UV_SYSTEM_CERTS 1
    default SSL_CERT_FILE "$(pip_setting cert)"
    default UV_DEFAULT_INDEX "$(pip_setting index-url)"
    default UV_INDEX "$(pip_setting extra-index-url)"
    default UV_FIND_LINKS "$(pip_setting find-links)"
    # As pip does, look in every index; the hashes decide what is accepted.
    default UV_INDEX_STRATEGY unsafe-best-match
}

# Sets UV: the one in PATH, or a pinned one brought into .tools/uv with the interpreter's own pip.
find_uv() {
    export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
    bring_uv "$1"
    if [ -x .tools/uv/bin/python ]; then follow_pip .tools/uv/bin/python; else follow_pip "$1"; fi
}

bring_uv() {
    if uv --version >/dev/null 2>&1; then UV=uv; return; fi
    UV=$PWD/.tools/uv/bin/uv
    if "$UV" --version >/dev/null 2>&1; then return; fi
    say "bringing uv into .tools/uv"
    rm -rf .tools/uv
    if "$1" -m venv .tools/uv >/dev/null 2>&1; then
        pip_install_uv .tools/uv/bin/python
    elif rm -rf .tools/uv && "$1" -m pip --version >/dev/null 2>&1; then
        pip_install_uv "$1" --target .tools/uv
    else
        die "$1 has neither venv nor pip: install them (on Debian: python3-venv), or install uv"
    fi
}

pip_install_uv() { # python, options
    with=$1
    shift
    "$with" -m pip install -q --disable-pip-version-check --root-user-action=ignore "$@" \
        --require-hashes -r tools/uv.lock || die "pip could not install uv, see above"
}

setup_python() {
    stamp=.venv/.ballast-setup
    current=$(digest requirements.lock pyproject.toml tools/setup.sh)
    if [ -n "${PYTHON:-}" ]; then current="$current $(find_python)"; fi
    if is_current $stamp "$current" && usable_python .venv/bin/python >/dev/null; then return; fi
    python=$(find_python)
    find_uv "$python"
    if [ -n "${PYTHON:-}" ] || ! usable_python .venv/bin/python >/dev/null; then
        say "creating .venv with $python"
        rm -rf .venv
        "$UV" venv -q --python "$python" .venv
    fi
    say "installing requirements.lock into .venv"
    "$UV" pip sync -q --python .venv/bin/python --require-hashes requirements.lock ||
        die "uv could not install requirements.lock, see above"
    # setuptools is in the lock, so that building the package fetches nothing that is not pinned.
    "$UV" pip install -q --python .venv/bin/python --no-deps --no-build-isolation --editable .
    if [ -d node_modules ]; then link_anvil; fi
    printf '%s\n' "$current" >$stamp
}

setup_mamushi() {
    stamp=.tools/mamushi/.ballast-setup
    current=$(digest tools/mamushi.lock)
    if is_current $stamp "$current" && .tools/mamushi/bin/python -c '' 2>/dev/null; then return; fi
    python=$(find_python)
    find_uv "$python"
    say "bringing mamushi into .tools/mamushi"
    rm -rf .tools/mamushi
    "$UV" venv -q --python .venv/bin/python .tools/mamushi
    "$UV" pip sync -q --python .tools/mamushi/bin/python --require-hashes tools/mamushi.lock
    printf '%s\n' "$current" >$stamp
}

write_locks() {
    python=$(find_python)
    find_uv "$python"
    compile() {
        "$UV" pip compile -q --universal --generate-hashes --no-emit-index-url \
            --no-emit-find-links --no-header --python-version 3.11 "$@"
    }
    compile --extra test --extra dev --extra bots pyproject.toml -o requirements.lock
    compile tools/mamushi.in -o tools/mamushi.lock
    compile tools/uv.in -o tools/uv.lock
}

# --- Node --------------------------------------------------------------------------------------

# npm's own link in node_modules/.bin is a Node script that starts the binary and would leave it
# running when killed: link the binary itself, next to vyper, where ape looks for both.
link_anvil() {
    for binary in node_modules/@foundry-rs/anvil-*/bin/anvil; do
        if [ -x "$binary" ]; then ln -sf "../../$binary" .venv/bin/anvil; fi
    done
}

# Without Node this part says so and succeeds: whoever needs anvil checks for it (tools/test.sh).
setup_node() {
    stamp=node_modules/.ballast-setup
    current=$(digest package.json package-lock.json)
    if is_current $stamp "$current" && .venv/bin/anvil --version >/dev/null 2>&1; then return; fi
    if ! npm --version >/dev/null 2>&1; then
        say "Node with npm was not found: anvil is not installed"
        return
    fi
    say "installing package-lock.json into node_modules"
    npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null ||
        die "npm failed, see above"
    link_anvil
    .venv/bin/anvil --version >/dev/null ||
        die "anvil does not run: is this platform one that package-lock.json lists?"
    printf '%s\n' "$current" >$stamp
}

case "${1:-}" in
    python) setup_python ;;
    node) setup_python; setup_node ;;
    mamushi) setup_python; setup_mamushi ;;
    lock) write_locks ;;
    *) die "usage: tools/setup.sh python | node | mamushi | lock" ;;
esac
