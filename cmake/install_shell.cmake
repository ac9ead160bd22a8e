# Run by cmake --install: completions and man pages, as the program itself describes its commands and options.
# Takes `program`, `version`, `help2man` (empty: no man pages) and `share`, the folder that they go into.
function(write_output file)
  get_filename_component(folder "${file}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${folder}" OUTPUT_VARIABLE text ERROR_VARIABLE message RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${file}: ${ARGN} failed: ${message}")
  endif()
  message(STATUS "Installing: ${file}")
  file(WRITE "${file}" "${text}")
endfunction()

write_output("${share}/bash-completion/completions/skipbench" "${program}" completion bash)
write_output("${share}/zsh/site-functions/_skipbench" "${program}" completion zsh)
write_output("${share}/fish/vendor_completions.d/skipbench.fish" "${program}" completion fish)

# help2man calls a page by the file that it runs, through a shell: a script beside the page, so that no folder's name is in
# its way.
function(write_page name summary)
  set(folder "${share}/man/man1")
  string(REPLACE "'" "'\\''" quoted "${program}")
  file(WRITE "${folder}/${name}" "#!/bin/sh\nexec '${quoted}' ${ARGN} \"$@\"\n")
  file(CHMOD "${folder}/${name}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  write_output("${folder}/${name}.1" "${help2man}" --no-info --version-string=${version} --manual=skipbench
               "--name=${summary}" "./${name}")
  file(REMOVE "${folder}/${name}")
endfunction()

if(help2man)
  write_page(skipbench "a benchmark of training-free acceleration of diffusion models")
  execute_process(COMMAND "${program}" --help OUTPUT_VARIABLE help)
  # "  run         run an experiment", between "Commands:" and the next empty line.
  string(REGEX REPLACE ".*\nCommands:\n(.*)" "\\1" help "${help}")
  string(REGEX REPLACE "\n\n.*" "" help "${help}")
  string(REPLACE "\n" ";" lines "${help}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^  ([a-z]+) +(.*)$")
      write_page(skipbench-${CMAKE_MATCH_1} "${CMAKE_MATCH_2}" ${CMAKE_MATCH_1})
    endif()
  endforeach()
endif()
