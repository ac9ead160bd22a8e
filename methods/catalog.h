// All methods, by name. Adding one takes a folder under methods/ and a line in catalog.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sampling/method.h"

namespace skipbench {

// An option of a method in a config. A list where `list` is false is a sweep: one setting for each value.
struct MethodOption {
  std::string name;
  std::string range;            // what is allowed, for people: "number >= 0", "sample | group"
  std::string fallback;         // the default, as it would be written; "" if the option is required
  std::string meaning;
  bool list = false;            // the value itself is a list; a list of lists is a sweep
};

struct MethodType {
  std::string name;
  std::string summary;
  std::vector<MethodOption> options;
  std::function<std::unique_ptr<Method>(const JsonReader&)> make;   // throws Error naming file, key and value
};

const std::vector<MethodType>& MethodTypes();

// Throws Error that lists the known names.
const MethodType& FindMethodType(const std::string& name, const std::string& where);

}  // namespace skipbench
