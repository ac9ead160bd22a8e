# The git revision of the sources, known to the program.
#
# Included by the root: a target that runs this file as a script before every build. The script rewrites the generated
# source only when something in it changed, so a new commit recompiles that one file and links again.
if(CMAKE_SCRIPT_MODE_FILE)
  set(GIT_REVISION unknown)
  set(GIT_DIRTY false)
  find_program(git_program git)
  if(git_program)
    execute_process(COMMAND ${git_program} -C ${SOURCE_DIR} rev-parse HEAD
      OUTPUT_VARIABLE revision RESULT_VARIABLE result OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(result EQUAL 0)
      set(GIT_REVISION ${revision})
      # Changed files, and source files that git does not know: the build takes in whatever stands in a room's folder.
      execute_process(COMMAND ${git_program} -C ${SOURCE_DIR} --no-optional-locks status --porcelain --untracked-files=no
        OUTPUT_VARIABLE changed ERROR_QUIET)
      execute_process(COMMAND ${git_program} -C ${SOURCE_DIR} ls-files --others --exclude-standard -- *.cpp *.h *.cu
        OUTPUT_VARIABLE unknown_sources ERROR_QUIET)
      if(changed OR unknown_sources)
        set(GIT_DIRTY true)
      endif()
    endif()
  endif()
  configure_file(${SOURCE_DIR}/cmake/build_info.cpp.in ${OUTPUT} @ONLY)
  return()
endif()

set(build_info_source ${CMAKE_BINARY_DIR}/build_info.cpp)
if(SKIPBENCH_CUDA)
  set(build_info_cuda true)
else()
  set(build_info_cuda false)
endif()
set(build_info_command ${CMAKE_COMMAND}
  -D SOURCE_DIR=${CMAKE_SOURCE_DIR}
  -D OUTPUT=${build_info_source}
  -D VERSION=${PROJECT_VERSION}
  -D TORCH_VERSION=${SKIPBENCH_TORCH_VERSION}
  -D "COMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
  -D BUILD_TYPE=${CMAKE_BUILD_TYPE}
  -D CUDA=${build_info_cuda}
  -P ${CMAKE_CURRENT_LIST_FILE})
execute_process(COMMAND ${build_info_command})
add_custom_target(skipbench_git_revision COMMAND ${build_info_command} BYPRODUCTS ${build_info_source}
  COMMENT "Asking git for the revision" VERBATIM)
add_library(skipbench_build_info STATIC ${build_info_source})
target_include_directories(skipbench_build_info PRIVATE ${CMAKE_SOURCE_DIR})
add_dependencies(skipbench_build_info skipbench_git_revision)
