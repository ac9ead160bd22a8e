# ccache when it is installed. The sloppiness lets it cache compilations that use a precompiled header; the base folder
# lets another checkout of the same sources hit the same entries.
find_program(SKIPBENCH_CCACHE ccache)
if(SKIPBENCH_CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=10G ${SKIPBENCH_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
