# cmake --install build [--prefix DIR]: the program, what ships with it, completions, and man pages where help2man is.
#
#   bin/                     skipbench, and the library that it loads for sentencepiece tokenizers
#   share/skipbench/         datasets/ (small models and their data), configs/
#   share/bash-completion/completions, share/zsh/site-functions, share/fish/vendor_completions.d
#   share/man/man1           skipbench.1, skipbench-run.1, ...
#
# The program finds share/skipbench by where it stands, and LibTorch by its RPATH: the LibTorch it was built with, or what
# SKIPBENCH_INSTALL_RPATH says ("$ORIGIN/../lib").
include(GNUInstallDirs)
set(SKIPBENCH_INSTALL_RPATH "${torch_root}/lib" CACHE STRING "Where the installed program looks for LibTorch")
option(SKIPBENCH_INSTALL_SHELL "Install completions and man pages" ON)

set_target_properties(skipbench skipbench_sentencepiece PROPERTIES INSTALL_RPATH "${SKIPBENCH_INSTALL_RPATH}")
install(TARGETS skipbench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS skipbench_sentencepiece LIBRARY DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(shipped fashion_scenes fashion_flow fashion_motion)
  install(DIRECTORY datasets/${shipped} DESTINATION ${CMAKE_INSTALL_DATADIR}/skipbench/datasets)
endforeach()
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/skipbench)

if(SKIPBENCH_INSTALL_SHELL)
  find_program(SKIPBENCH_HELP2MAN help2man)
  if(NOT SKIPBENCH_HELP2MAN)
    message(STATUS "Man pages: none will be installed (Debian: help2man; scripts/setup installs it)")
  endif()
  install(CODE "
    set(program \"$<TARGET_FILE:skipbench>\")
    set(version ${PROJECT_VERSION})
    set(help2man \"$<$<BOOL:${SKIPBENCH_HELP2MAN}>:${SKIPBENCH_HELP2MAN}>\")
    set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
    include(\"${CMAKE_SOURCE_DIR}/cmake/install_shell.cmake\")")
endif()
