# Writes every file that a README.md shows in full: an indented block whose first line is a comment with the file's path.
#
#   cmake -D README=FILE -D OUT=DIR -D FILES=methods/a/a.h,methods/a/a.cpp -P readme_method.cmake
file(READ "${README}" page)
string(REPLACE "," ";" FILES "${FILES}")
foreach(file IN LISTS FILES)
  string(FIND "${page}" "\n    // ${file}\n" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "${README} shows no ${file}")
  endif()
  string(SUBSTRING "${page}" ${begin} -1 block)
  string(REGEX REPLACE "\n[^ \n].*$" "\n" block "${block}")     # up to the first line that is not indented
  string(REGEX REPLACE "\n    " "\n" block "${block}")
  file(WRITE "${OUT}/${file}" "${block}")
endforeach()
