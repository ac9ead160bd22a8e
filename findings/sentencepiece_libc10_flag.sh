#!/usr/bin/env bash
# libsentencepiece 0.1.97 (Debian 12, libsentencepiece0 0.1.97-3) and libc10 of PyTorch 2.11.0 (PyPI) both export a variable
# called FLAGS_minloglevel: the one an absl::Flag of 32 bytes, the other an int of 4. A program that is linked with both has one
# of the two, libc10's where LibTorch comes first, and sentencepiece's static constructor writes its 32 bytes there: over the
# log level and over what lies behind it in libc10's .bss, which is the mutex of c10::GetEventSampledHandler. Seen: the first
# call of a TorchScript method in such a program waited for ever. Neither library warns, and the order of linking only
# decides whose memory is written over. (The two PyPI packages do not meet like this: sentencepiece's exports nothing.)
#
# Shown here: both libraries define the name, with these sizes; in a program with both, the address is libc10's, and behind
# the int there stands what a program with LibTorch alone does not have there.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip --disable-pip-version-check -q install --no-deps torch==2.11.0 --index-url https://pypi.org/simple
apt-get -q download libsentencepiece0=0.1.97-3* > apt.log
for package in libsentencepiece0_*.deb; do dpkg-deb -x "$package" debian; done
torch="$(echo env/lib/python3*/site-packages/torch/lib)"
sentencepiece="$(echo debian/usr/lib/*/libsentencepiece.so.0)"

size() { python3 - "$1" <<'PY'
import subprocess, sys
for line in subprocess.run(["nm", "-D", "--defined-only", "-S", sys.argv[1]], capture_output=True, text=True).stdout.splitlines():
    fields = line.split()
    if fields[-1] == "FLAGS_minloglevel":
        print(int(fields[1], 16))
PY
}
echo "libc10: $(size "$torch/libc10.so") bytes, libsentencepiece: $(size "$sentencepiece") bytes"
[[ "$(size "$torch/libc10.so") $(size "$sentencepiece")" == "4 32" ]]

# What stands in the 32 bytes at FLAGS_minloglevel, and whose they are.
cat > main.cpp <<'CPP'
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <string>

int main() {
  void* flag = dlsym(RTLD_DEFAULT, "FLAGS_minloglevel");
  Dl_info whose{};
  dladdr(flag, &whose);
  const std::string file = whose.dli_fname;
  unsigned char bytes[32];
  std::memcpy(bytes, flag, sizeof(bytes));
  int others = 0;
  for (int i = 8; i < 32; ++i) others += bytes[i] != 0;
  std::printf("%s, %s\n", file.substr(file.rfind('/') + 1).c_str(), others ? "written over" : "zero");
}
CPP
link() { g++ main.cpp -o "$1" -Wl,--no-as-needed "${@:2}" -ldl -Wl,-rpath,"$PWD/$torch" -Wl,--unresolved-symbols=ignore-all; }
link alone "$torch/libc10.so"
link both "$torch/libc10.so" "$sentencepiece"
export LD_LIBRARY_PATH="$PWD/$(dirname "$sentencepiece")"
alone="$(./alone)" both="$(./both)"
echo "LibTorch alone: $alone"
echo "with sentencepiece: $both"
[[ "$alone" == "libc10.so, zero" && "$both" == "libc10.so, written over" ]]
