// A file that others publish and that configs name: what it is and how to get it, for people who lack it.
#pragma once

#include <string>

namespace skipbench {

struct PublishedFile {
  std::string name;  // as a config names the pipeline, the data's file, or the type of the data
  std::string file;  // what is published
  std::string size;
  std::string hash;    // "SHA-256 ...", or what else is published of it
  std::string source;  // where
  std::string target;  // where it has to be, and how it gets there
};

}  // namespace skipbench
