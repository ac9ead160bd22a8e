# The GPU build: LibTorch's CUDA half, our own kernel, NVTX.
#
# Only the kernel needs nvcc, and only NVTX a header; our other sources go through LibTorch's device-generic interface and
# never include CUDA's headers. So a CUDA LibTorch without a toolkit makes a GPU build too: the criterion's sums are then
# computed by LibTorch's operators.
if(NOT EXISTS "${torch_root}/lib/libtorch_cuda.so")
  message(FATAL_ERROR "SKIPBENCH_CUDA: ${torch_root} is a CPU LibTorch (no lib/libtorch_cuda.so). Run scripts/setup --cuda.")
endif()

foreach(name torch_cuda c10_cuda)
  add_library(LibTorch::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(LibTorch::${name} PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/lib${name}.so)
endforeach()
# No symbol of ours refers to libtorch_cuda: it registers itself when it is loaded, so it must stay on the link line.
target_link_libraries(LibTorch::LibTorch INTERFACE
  -Wl,--push-state,--no-as-needed LibTorch::torch_cuda LibTorch::c10_cuda -Wl,--pop-state)

find_path(SKIPBENCH_NVTX_INCLUDE nvtx3/nvToolsExt.h
  HINTS ${torch_root}/../nvidia/cu13/include ${torch_root}/../nvidia/nvtx/include $ENV{CUDA_HOME}/include /usr/local/cuda/include)
if(SKIPBENCH_NVTX_INCLUDE)
  message(STATUS "NVTX: ${SKIPBENCH_NVTX_INCLUDE}")
  add_library(skipbench_nvtx INTERFACE)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/installed_nvtx)
  file(CREATE_LINK ${SKIPBENCH_NVTX_INCLUDE}/nvtx3 ${CMAKE_BINARY_DIR}/installed_nvtx/nvtx3 SYMBOLIC)
  target_include_directories(skipbench_nvtx SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/installed_nvtx)
  target_compile_definitions(skipbench_nvtx INTERFACE SKIPBENCH_NVTX)
  target_link_libraries(skipbench_nvtx INTERFACE ${CMAKE_DL_LIBS})
else()
  message(STATUS "NVTX: not found; stages will not be named in profiles")
endif()

include(CheckLanguage)
if(NOT CMAKE_CUDA_COMPILER)
  find_program(CMAKE_CUDA_COMPILER nvcc HINTS $ENV{CUDA_HOME}/bin /usr/local/cuda/bin)
endif()
check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    # Turing to Blackwell, and PTX for what comes later.
    set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 17)
  set(SKIPBENCH_CUDA_KERNELS ON)
  # The one CUDA runtime of the process is LibTorch's.
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)
  file(GLOB cuda_runtime ${torch_root}/../nvidia/cu13/lib/libcudart.so.* ${torch_root}/lib/libcudart*.so*)
  list(LENGTH cuda_runtime cuda_runtime_count)
  if(cuda_runtime_count EQUAL 0)
    message(FATAL_ERROR "SKIPBENCH_CUDA: no libcudart beside ${torch_root}; run scripts/setup --cuda.")
  endif()
  list(GET cuda_runtime 0 cuda_runtime)
  add_library(LibTorch::cudart SHARED IMPORTED GLOBAL)
  set_target_properties(LibTorch::cudart PROPERTIES IMPORTED_LOCATION ${cuda_runtime})
  message(STATUS "CUDA kernels: nvcc ${CMAKE_CUDA_COMPILER_VERSION}, runtime ${cuda_runtime}")
else()
  set(SKIPBENCH_CUDA_KERNELS OFF)
  message(WARNING "SKIPBENCH_CUDA without nvcc: the GPU is used, but without our own kernel (LibTorch's operators compute the criterion's sums).")
endif()
