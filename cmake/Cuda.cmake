# The GPU build: LibTorch's CUDA half, our own kernels, NVTX.
#
# Only the kernels need nvcc, and only NVTX a header; our other sources go through LibTorch's device-generic interface and
# never include CUDA's headers. So a CUDA LibTorch without nvcc makes a GPU build too: what a kernel would compute is then
# computed by LibTorch's operators.
#
#   SKIPBENCH_CUDA_KERNELS   OFF: as if there were no nvcc
#   SKIPBENCH_NVCC           nvcc; default: the wheels' own, else the first found
if(NOT EXISTS "${torch_root}/lib/libtorch_cuda.so")
  message(FATAL_ERROR "SKIPBENCH_CUDA: ${torch_root} is a CPU LibTorch (no lib/libtorch_cuda.so). Run scripts/setup --cuda.")
endif()
option(SKIPBENCH_CUDA_KERNELS "Compile our own CUDA kernels if nvcc is found" ON)

foreach(name torch_cuda c10_cuda)
  add_library(LibTorch::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(LibTorch::${name} PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/lib${name}.so)
endforeach()
# libtorch_cuda registers itself when it is loaded, and most programs refer to no symbol of it: it must be linked all the same. One
# word, so that CMake cannot move the libraries out of the brackets when it removes repeated ones.
target_link_libraries(LibTorch::LibTorch INTERFACE
  "-Wl,--push-state,--no-as-needed,${torch_root}/lib/libtorch_cuda.so,${torch_root}/lib/libc10_cuda.so,--pop-state")

find_path(SKIPBENCH_NVTX_INCLUDE nvtx3/nvToolsExt.h
  HINTS ${torch_root}/../nvidia/cu13/include $ENV{CUDA_HOME}/include /usr/local/cuda/include)
if(SKIPBENCH_NVTX_INCLUDE)
  message(STATUS "NVTX: ${SKIPBENCH_NVTX_INCLUDE}")
  # A folder that holds nothing but this header: the one it comes from has all of CUDA's.
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/installed_nvtx)
  file(CREATE_LINK ${SKIPBENCH_NVTX_INCLUDE}/nvtx3 ${CMAKE_BINARY_DIR}/installed_nvtx/nvtx3 SYMBOLIC)
  add_library(skipbench_nvtx INTERFACE)
  target_include_directories(skipbench_nvtx SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/installed_nvtx)
  target_compile_definitions(skipbench_nvtx INTERFACE SKIPBENCH_NVTX)
  target_link_libraries(skipbench_nvtx INTERFACE ${CMAKE_DL_LIBS})
else()
  message(STATUS "NVTX: not found; stages will not be named in profiles")
endif()

# The one CUDA runtime of the process is LibTorch's.
file(GLOB cuda_runtime ${torch_root}/../nvidia/cu13/lib/libcudart.so.* ${torch_root}/lib/libcudart*.so*)
list(LENGTH cuda_runtime cuda_runtime_count)
if(cuda_runtime_count EQUAL 0)
  message(FATAL_ERROR "SKIPBENCH_CUDA: no libcudart beside ${torch_root}; run scripts/setup --cuda.")
endif()
list(GET cuda_runtime 0 cuda_runtime)
add_library(LibTorch::cudart SHARED IMPORTED GLOBAL)
set_target_properties(LibTorch::cudart PROPERTIES IMPORTED_LOCATION ${cuda_runtime})

# CUDA graphs: the *_cuda.cpp of the rooms.
find_path(SKIPBENCH_CUDA_INCLUDE cuda_runtime_api.h
  HINTS ${torch_root}/../nvidia/cu13/include $ENV{CUDA_HOME}/include /usr/local/cuda/include)
if(SKIPBENCH_CUDA_INCLUDE)
  message(STATUS "CUDA headers: ${SKIPBENCH_CUDA_INCLUDE}")
  add_library(skipbench_cuda_headers INTERFACE)
  target_link_libraries(skipbench_cuda_headers INTERFACE LibTorch::torch_cuda LibTorch::c10_cuda LibTorch::cudart)
else()
  message(NOTICE "CUDA headers: none; forwards are launched kernel by kernel instead of as CUDA graphs")
endif()

find_program(SKIPBENCH_NVCC nvcc HINTS ${torch_root}/../nvidia/cu13/bin $ENV{CUDA_HOME}/bin PATHS /usr/local/cuda/bin)
set(skipbench_cuda_kernels OFF)
if(SKIPBENCH_CUDA_KERNELS AND SKIPBENCH_NVCC)
  message(STATUS "CUDA kernels: ${SKIPBENCH_NVCC}, runtime ${cuda_runtime}")
  set(skipbench_cuda_kernels ON)
else()
  message(NOTICE "CUDA kernels: none (${SKIPBENCH_NVCC}); the GPU is used, and LibTorch's operators do our kernels' work")
endif()

# Turing to Blackwell, and PTX for what comes later.
set(SKIPBENCH_CUDA_ARCHITECTURES "75;80;86;89;90;100;120" CACHE STRING "Compute capabilities of our kernels")

# Appends to the list `objects` an object file for each of the CUDA sources. nvcc is called by a rule of our own: CMake's
# CUDA language wants a whole toolkit, and would link with another CUDA runtime than LibTorch's.
function(skipbench_cuda_objects objects)
  set(flags -O3 -std=c++17 -Xcompiler=-fPIC,-Wall -ccbin ${CMAKE_CXX_COMPILER})
  foreach(architecture ${SKIPBENCH_CUDA_ARCHITECTURES})
    list(APPEND flags -gencode arch=compute_${architecture},code=sm_${architecture})
  endforeach()
  list(GET SKIPBENCH_CUDA_ARCHITECTURES -1 newest)
  list(APPEND flags -gencode arch=compute_${newest},code=compute_${newest})
  set(result ${${objects}})
  foreach(source ${ARGN})
    get_filename_component(name ${source} NAME)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${SKIPBENCH_NVCC} ${flags} -I ${CMAKE_SOURCE_DIR} -MD -MF ${object}.d -c -o ${object} ${source}
      DEPENDS ${source} DEPFILE ${object}.d COMMENT "Building CUDA object ${name}.o" VERBATIM)
    set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    list(APPEND result ${object})
  endforeach()
  set(${objects} ${result} PARENT_SCOPE)
endfunction()
