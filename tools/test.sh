#!/bin/sh
# Runs pytest, with its arguments. Without anvil it runs all that needs none, says what it left
# out, and fails if that is anything: a run that skipped tests must not look like one that passed.
set -eu
cd "$(dirname "$0")/.."

jobs=${JOBS:-2}

if anvil --version >/dev/null 2>&1; then
    exec pytest -n "$jobs" "$@"
fi

status=0
pytest -n "$jobs" -m "not anvil" "$@" || status=$?
left_out=$(pytest -q --collect-only -m anvil "$@" 2>/dev/null | grep :: || true)
if [ -z "$left_out" ]; then exit "$status"; fi

{
    echo
    echo "test: not run, because they need anvil, which comes from npm, and npm was not found:"
    printf '%s\n' "$left_out" | sed 's/::.*//' | uniq -c | sed 's/^/test:   /'
    case $status in
        0) echo "test: all other tests passed; this run fails for want of anvil alone." ;;
        *) echo "test: tests that need no anvil failed too, see above." ;;
    esac
    echo "test: install Node 20 or later with npm, then run make test again."
} >&2
exit 1
