#include "harness/store/scheduler_options.h"

#include <fmt/format.h>

namespace skipbench {
namespace {

const Json* FindOption(const Json& options, const std::string& option) {
  const auto found = options.is_object() ? options.find(option) : options.end();
  return found != options.end() && found->is_object() && found->contains("value") && found->contains("from") ? &*found
                                                                                                             : nullptr;
}

}  // namespace

Json OptionsOf(const RunHeader& header, size_t setting) {
  const Json& config = header.expanded_config;
  const Json::json_pointer place(fmt::format("/settings/{}/scheduler", setting));
  return config.contains(place) && config[place].is_object() ? config[place] : Json::object();
}

Json ValueOf(const Json& options, const std::string& option) {
  const Json* found = FindOption(options, option);
  return found ? (*found)["value"] : Json();
}

std::string DescribeOption(const Json& options, const std::string& scheduler, const std::string& option) {
  const Json* found = FindOption(options, option);
  if (!found) return "absent";
  const Json& value = (*found)["value"];
  const Json& from = (*found)["from"];
  std::string text =
      value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  const std::string source = from == "config"  ? "the config"
                             : from == "model" ? "the model's scheduler_config.json"
                                               : "default of " + scheduler;
  return fmt::format("{} ({})", text, source);
}

std::string DescribeSpacing(const Json& options, const std::string& scheduler, const std::vector<double>& timesteps) {
  const Json* spacing = FindOption(options, "timestep_spacing");
  if (!spacing) return "";
  std::string text =
      fmt::format("{}: timestep_spacing {}", scheduler, DescribeOption(options, scheduler, "timestep_spacing"));
  const Json* offset = FindOption(options, "steps_offset");
  if (offset && (*spacing)["value"] == "leading")
    text += fmt::format(", steps_offset {}", DescribeOption(options, scheduler, "steps_offset"));
  if (!timesteps.empty()) text += fmt::format("; starts at timestep {:.6g}", timesteps[0]);
  return text;
}

}  // namespace skipbench
