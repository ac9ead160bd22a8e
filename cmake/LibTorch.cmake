# LibTorch as an imported target of our own: LibTorch::LibTorch.
#
# TorchConfig.cmake of the PyPI wheel insists on a CUDA toolkit, and libtorch.so drags in libtorch_cuda.so; a CPU build
# needs neither. So the wheel's folder is looked up here and libtorch_cpu and libc10 are linked directly.
#
#   LIBTORCH (cache variable or environment)  a LibTorch folder with include/ and lib/
#   otherwise                                 the wheel in .env/, the private environment scripts/setup makes
set(LIBTORCH "$ENV{LIBTORCH}" CACHE PATH "LibTorch folder (include/, lib/); empty: the wheel in .env")

set(torch_root "${LIBTORCH}")
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
message(STATUS "LibTorch: ${torch_root}")

file(READ ${torch_root}/include/torch/headeronly/version.h torch_version_text)
string(REGEX MATCH "TORCH_VERSION_MAJOR ([0-9]+)" _ "${torch_version_text}")
set(torch_major ${CMAKE_MATCH_1})
string(REGEX MATCH "TORCH_VERSION_MINOR ([0-9]+)" _ "${torch_version_text}")
set(torch_minor ${CMAKE_MATCH_1})

add_library(LibTorch::c10 SHARED IMPORTED GLOBAL)
set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/libc10.so)
add_library(LibTorch::cpu SHARED IMPORTED GLOBAL)
set_target_properties(LibTorch::cpu PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/libtorch_cpu.so)

# The wheel's own copies of what libtorch_cpu.so needs (libgomp, the CUDA runtime's stubs) stand beside it.
file(GLOB torch_dependency_dirs ${torch_root}/../nvidia/*/lib)
set(torch_link_dirs ${torch_root}/lib ${torch_dependency_dirs})
list(TRANSFORM torch_link_dirs PREPEND "-Wl,-rpath-link," OUTPUT_VARIABLE torch_rpath_link)

add_library(LibTorch::LibTorch INTERFACE IMPORTED GLOBAL)
target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
  ${torch_root}/include ${torch_root}/include/torch/csrc/api/include)
target_link_libraries(LibTorch::LibTorch INTERFACE LibTorch::cpu LibTorch::c10)
target_link_options(LibTorch::LibTorch INTERFACE ${torch_rpath_link} -Wl,-rpath,${torch_root}/lib)
