#!/usr/bin/env bash
# Keeps a small result of every night, and draws what became of quality, evaluations and speed: which commit changed what.
#
#   examples/ci/nightly.sh CONFIG FOLDER
set -euo pipefail
config="$1" folder="$2"
skipbench="${SKIPBENCH:-build/skipbench}"
night="$folder/$(date +%Y-%m-%d)"
run="$(mktemp -d)"
trap 'rm -rf "$run"' EXIT
"$skipbench" run "$config" --out "$run/result" --quiet > /dev/null
"$skipbench" merge "$run/result" --compact --out "$night" > /dev/null
"$skipbench" history "$folder"/20*/ --out "$folder/trend"
