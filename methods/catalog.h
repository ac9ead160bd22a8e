// All methods, by name. Adding one takes a folder under methods/ and a line in catalog.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sampling/method.h"

namespace skipbench {

// Values of an option that `make` takes as a threshold: what `skipbench calibrate` searches.
struct ThresholdRange {
  double least = 0, most = 1e6;
};

// An option of a method in a config. A list where `list` is false is a sweep: one setting for each value.
struct MethodOption {
  std::string name;
  std::string range;            // what is allowed, for people: "number >= 0", "sample | group"
  std::string fallback;         // the default, as it would be written; "" if the option is required
  std::string meaning;
  bool list = false;            // the value itself is a list; a list of lists is a sweep
  // Only of the number that the threshold of the method's criterion (Method::criterion) is proportional to.
  std::optional<ThresholdRange> threshold = std::nullopt;
};

struct MethodType {
  std::string name;
  std::string summary;
  std::vector<MethodOption> options;
  std::function<std::unique_ptr<Method>(const JsonReader&)> make;   // throws Error naming file, key and value
};

const std::vector<MethodType>& MethodTypes();

// The option whose `threshold` is set; nullptr: none is.
const MethodOption* ThresholdOption(const MethodType& type);

// Throws Error that lists the known names.
const MethodType& FindMethodType(const std::string& name, const std::string& where);

}  // namespace skipbench
