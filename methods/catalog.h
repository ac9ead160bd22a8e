// All methods, by name. Adding one takes a folder under methods/ and a line in catalog.cpp.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/options.h"
#include "harness/sampling/method.h"

namespace skipbench {

struct MethodType {
  std::string name;
  std::string summary;
  std::vector<OptionSpec> options;  // a list where the option is none is a sweep: a setting for each value
  std::function<std::unique_ptr<Method>(const JsonReader&)> make;  // throws Error naming file, key and value
};

// The type whose options `table` declares; its name is the table's owner. `make` takes the options and, where it has
// paths among them, the folder of the config that these start from.
template <typename Options, typename Make>
MethodType DeclareMethod(std::string summary, const OptionTable<Options>& table, Make make) {
  const auto read = [table, make](const JsonReader& json) -> std::unique_ptr<Method> {
    if constexpr (std::is_invocable_v<Make, const Options&>)
      return make(table.Read(json));
    else
      try {
        return make(table.Read(json), std::filesystem::path(json.file()).parent_path());
      } catch (const OptionError& e) {
        e.FailAt(json);
      }
  };
  return {table.owner(), std::move(summary), table.List(), read};
}

const std::vector<MethodType>& MethodTypes();

// The option that the threshold of the method's criterion (Method::criterion) is proportional to: `skipbench calibrate`
// searches between its limits. nullptr: there is none.
const OptionSpec* ThresholdOption(const MethodType& type);

// Throws Error that lists the known names.
const MethodType& FindMethodType(const std::string& name, const std::string& where);

}  // namespace skipbench
