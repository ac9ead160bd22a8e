#!/bin/bash
# Fuzzes every parser for SECONDS (default 60) each, two at a time: tests/fuzz/run.sh [SECONDS] [TARGET...]
# experiment and network_config take all but the parsers from the program, which scripts/build must have built.
# Builds with clang-14 (packages clang-14, libclang-rt-14-dev) into build/fuzz. The committed corpus is read, never
# written; what is found new goes to build/fuzz/corpus, a crashing input to build/fuzz/crash-* (and the script fails).
set -euo pipefail
seconds=${1:-60}
shift || true
here=$(cd "$(dirname "$0")" && pwd)
build=${SKIPBENCH_FUZZ_BUILD:-$here/../../build/fuzz}
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(safetensors bpe tokenizer unigram model_index coco prompts png jpeg webp image npz npy results hdf5 lmdb
  experiment network_config)

cmake -S "$here" -B "$build" -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14 > /dev/null
cmake --build "$build" -j "$(nproc)" --target "${targets[@]/#/fuzz_}"

export LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0
run_one() {
  local target=$1 corpus=$build/corpus/$1
  mkdir -p "$corpus"
  local dictionary=()
  [ ! -f "$here/dictionaries/$target.dict" ] || dictionary=("-dict=$here/dictionaries/$target.dict")
  if "$build/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1 \
      -artifact_prefix="$build/crash-$target-" "${dictionary[@]}" "$corpus" "$here/corpus/$target" > "$build/$target.log" 2>&1; then
    echo "fuzz_$target: fine, $(awk "/number_of_executed_units/ {print \$2}" "$build/$target.log") inputs"
  else
    echo "fuzz_$target: FOUND SOMETHING, see $build/$target.log"
    return 1
  fi
}
export -f run_one
export build seconds here
printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} bash -c 'run_one {}'
