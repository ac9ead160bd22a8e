// A skip path as other programs take it: cache-dit, a few lines of Python for diffusers, JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

struct ExportedPath {
  std::vector<uint8_t> mask = {};       // [calls] 1: run the network, 0: do not
  std::string setting = {};             // whose path it is
  std::string whose = {};               // of which samples: OnePath::whose
  std::string run = {};                 // the model and how it was sampled
  std::vector<std::string> notes = {};  // what it leaves out
  // What cache-dit runs in calls that skip: that many blocks at the front and at the back. It takes no front below 1.
  int front_blocks = 1, back_blocks = 0;
};

// Python that enables the path in cache-dit 1.5.3.
std::string RenderCacheDit(const ExportedPath& path);
// Python that makes a pipeline of diffusers use the last output again where the mask is 0.
std::string RenderDiffusers(const ExportedPath& path);
// {"mask": [1, 0, ...], "setting": ..., ...}; `skipbench path import` reads it.
std::string RenderPathJson(const ExportedPath& path);

}  // namespace skipbench
