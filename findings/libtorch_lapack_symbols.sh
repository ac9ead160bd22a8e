#!/usr/bin/env bash
# PyTorch's wheel computes with whatever BLAS and LAPACK the program has, though it brings MKL inside of libtorch_cpu.so.
#
# Version: torch 2.11.0 (PyPI, Linux x86-64). libtorch_cpu.so has MKL linked into it, exports its Fortran names (dgemm_, dpotrf_,
# dsyevd_, dgesdd_ and hundreds more) as ordinary dynamic symbols, and is not linked with -Bsymbolic: its own calls of them go
# through the program's symbol table. One expects a library that carries its copy of MKL to use that copy.
#
# Seen: a program that is linked with another library of these names in front of libtorch_cpu.so (OpenBLAS, say, which Debian's
# liblapacke-dev and SuiteSparse bring along) gets at::mm and at::linalg_eigvalsh from there: other speed, other bits, other threads.
# Nothing warns, and torch.__config__ still says MKL. Here that library is ten lines that answer 7. The same
# names serve the other way round: what only needs LAPACK can link libtorch_cpu.so and have MKL's.
#
# Fails if the answers do not come from the other library, or not from MKL where there is none.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" -q install --no-deps torch==2.11.0 nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85
torch="$(echo "$folder"/env/lib/python3*/site-packages/torch)"
cd "$folder"

cat > other.c << 'C'
void dgemm_(const char *ta, const char *tb, const int *m, const int *n, const int *k, const double *alpha, const double *a, const int *lda,
            const double *b, const int *ldb, const double *beta, double *c, const int *ldc) {
  for (long i = 0; i < (long)*m * *n; ++i) c[i] = 7;
}
void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda, double *values, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info) {
  work[0] = 1000, iwork[0] = 1000, *info = 0;
  for (int i = 0; i < *n; ++i) values[i] = 7;
}
C
cat > program.cpp << 'CPP'
#include <ATen/ATen.h>
#include <cstdio>
int main() {
  const at::Tensor one = at::eye(300, at::kDouble);
  std::printf("%g %g\n", at::mm(one, one)[0][0].item<double>(), at::linalg_eigvalsh(one)[0].item<double>());
}
CPP
cc -shared -fPIC -O1 -o libother.so other.c
c++ -std=c++20 -w -I"$torch/include" -I"$torch/include/torch/csrc/api/include" -c program.cpp
link=(-L"$torch/lib" -ltorch_cpu -lc10 -Wl,-rpath,"$torch/lib",-rpath,"$folder" -Wl,--unresolved-symbols=ignore-in-shared-libs)
c++ -o alone program.o "${link[@]}"
c++ -o beside program.o -Wl,--no-as-needed -L. -lother "${link[@]}"
alone="$(./alone)" beside="$(./beside)"
echo "an element of 1 x 1 = 1, and an eigenvalue of 1: $alone with MKL's symbols alone, $beside with another library's in front"
[[ "$alone" == "1 1" && "$beside" == "7 7" ]]
