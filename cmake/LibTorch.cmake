# LibTorch as an imported target of our own: LibTorch::LibTorch.
#
# TorchConfig.cmake of the PyPI wheel insists on a CUDA toolkit, and libtorch.so drags in libtorch_cuda.so; a CPU build
# needs neither. So the wheel's folder is looked up here and libtorch_cpu and libc10 are linked directly.
#
#   LIBTORCH (cache variable or environment)  a LibTorch folder with include/ and lib/
#   pip install .                             the wheel of the Python that builds
#   otherwise                                 the wheel in .env/, the private environment scripts/setup makes
#
# With SKIPBENCH_CUDA, libtorch_cuda and libc10_cuda are linked too, and Cuda.cmake looks for nvcc.
# Sets SKIPBENCH_TORCH_VERSION.
set(LIBTORCH "$ENV{LIBTORCH}" CACHE PATH "LibTorch folder (include/, lib/); empty: the wheel in .env")

set(torch_root "${LIBTORCH}")
if(NOT torch_root AND SKBUILD)
  find_package(Python REQUIRED COMPONENTS Interpreter)
  execute_process(COMMAND ${Python_EXECUTABLE} -c "import importlib.util, os; print(os.path.dirname(importlib.util.find_spec('torch').origin))"
    OUTPUT_VARIABLE torch_root OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT torch_root)
  file(GLOB torch_candidates ${CMAKE_SOURCE_DIR}/.env/lib/python3*/site-packages/torch)
  list(LENGTH torch_candidates torch_count)
  if(torch_count GREATER 0)
    list(GET torch_candidates 0 torch_root)
  endif()
endif()
if(NOT EXISTS "${torch_root}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch not found: no lib/libtorch_cpu.so under '${torch_root}'. Run scripts/setup, or set LIBTORCH to a LibTorch folder.")
endif()
get_filename_component(torch_root "${torch_root}" ABSOLUTE)

file(READ ${torch_root}/include/torch/headeronly/version.h torch_version_text)
foreach(part MAJOR MINOR PATCH)
  string(REGEX MATCH "TORCH_VERSION_${part} ([0-9]+)" _ "${torch_version_text}")
  set(torch_${part} ${CMAKE_MATCH_1})
endforeach()
set(SKIPBENCH_TORCH_VERSION ${torch_MAJOR}.${torch_MINOR}.${torch_PATCH})
message(STATUS "LibTorch ${SKIPBENCH_TORCH_VERSION}: ${torch_root}")
if(SKIPBENCH_TORCH_VERSION VERSION_LESS 2.11)
  message(FATAL_ERROR "LibTorch ${SKIPBENCH_TORCH_VERSION} is too old: 2.11 or newer is needed (scripts/setup installs it).")
endif()

add_library(LibTorch::c10 SHARED IMPORTED GLOBAL)
set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/libc10.so)
add_library(LibTorch::cpu SHARED IMPORTED GLOBAL)
set_target_properties(LibTorch::cpu PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/libtorch_cpu.so)

# What libtorch_cpu.so itself needs (the CUDA runtime, for one) stands beside it, or in the wheels beside it.
file(GLOB torch_dependency_dirs ${torch_root}/../nvidia/*/lib)
set(torch_link_dirs ${torch_root}/lib ${torch_dependency_dirs})
list(TRANSFORM torch_link_dirs PREPEND "-Wl,-rpath-link," OUTPUT_VARIABLE torch_rpath_link)

add_library(LibTorch::LibTorch INTERFACE IMPORTED GLOBAL)
target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
  ${torch_root}/include ${torch_root}/include/torch/csrc/api/include)
target_link_libraries(LibTorch::LibTorch INTERFACE LibTorch::cpu LibTorch::c10)
target_link_options(LibTorch::LibTorch INTERFACE ${torch_rpath_link})

# BLAS and LAPACK for rooms without tensors: LibTorch's own (MKL), whose names libtorch_cpu.so exports. Another library of these names
# (OpenBLAS) in the program would serve LibTorch too: findings/libtorch_lapack_symbols.sh. A LibTorch that keeps them to itself leaves
# that to the system's.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES ${torch_root}/lib/libtorch_cpu.so -Wl,--unresolved-symbols=ignore-in-shared-libs)
check_cxx_source_compiles("extern \"C\" void dsyevd_(); int main() { dsyevd_(); }" SKIPBENCH_LAPACK_OF_LIBTORCH)
unset(CMAKE_REQUIRED_LIBRARIES)
add_library(skipbench_lapack INTERFACE)
if(SKIPBENCH_LAPACK_OF_LIBTORCH)
  target_link_libraries(skipbench_lapack INTERFACE LibTorch::cpu LibTorch::c10)
  target_link_options(skipbench_lapack INTERFACE ${torch_rpath_link})
else()
  find_package(LAPACK REQUIRED)
  target_link_libraries(skipbench_lapack INTERFACE LAPACK::LAPACK)
endif()

if(SKIPBENCH_CUDA)
  include(Cuda)
endif()
