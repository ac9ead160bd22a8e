# Shared by the scripts: messages, and how many things may run at once. To be sourced, after `set -euo pipefail`.

skipbench_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

say() { printf '\033[1m==>\033[0m %s\n' "$*" | if [[ -t 1 ]]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Prints the comment at the head of a script, which is its help.
print_help() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"; }

# Compile jobs: one for each core, but no more than memory allows (LibTorch's headers need up to 2.5 GB a job).
compile_jobs() {
  local cores available
  cores="$(nproc)"
  available="$(awk '/^MemAvailable:/ {print int($2 / 1024 / 2560)}' /proc/meminfo 2>/dev/null || echo "$cores")"
  ((available < 1)) && available=1
  echo $((available < cores ? available : cores))
}

# Whether an NVIDIA driver is at work.
has_nvidia_driver() {
  [[ -e /proc/driver/nvidia/version ]] || { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }
}
