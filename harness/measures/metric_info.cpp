#include "harness/measures/metric_info.h"

#include <cmath>

#include "harness/base/error.h"

namespace skipbench {

std::string TitleOf(const MetricInfo& info) { return info.title.empty() ? info.name : info.title; }

const char* DirectionName(Direction direction) {
  return direction == Direction::kHigher ? "higher" : direction == Direction::kLower ? "lower" : "unknown";
}

Direction DirectionOf(const std::string& name, const std::string& where) {
  for (const Direction one : {Direction::kUnknown, Direction::kHigher, Direction::kLower})
    if (name == DirectionName(one)) return one;
  Fail("{}: expected higher, lower or unknown, found \"{}\"", where, name);
}

void RequireSound(const MetricInfo& info, const std::string& where) {
  if (info.decimals && (*info.decimals < 0 || *info.decimals > 17))
    Fail("{}: decimals: expected 0 to 17, found {}", where, *info.decimals);
  if (info.limit && !(std::isfinite(*info.limit) && *info.limit >= 0))
    Fail("{}: limit: expected a number of at least 0, found {}", where, *info.limit);
  if (info.ceiling && !std::isfinite(*info.ceiling))
    Fail("{}: ceiling: expected a finite number, found {}", where, *info.ceiling);
}

Json ToJson(const MetricInfo& info) {
  Json json = {{"name", info.name},   {"title", info.title},
               {"unit", info.unit},   {"better", DirectionName(info.better)},
               {"order", info.order}, {"per_frame", info.per_frame}};
  if (!info.part_of.empty()) json["part_of"] = info.part_of;
  if (info.decimals) json["decimals"] = *info.decimals;
  if (info.limit) json["limit"] = *info.limit;
  if (info.ceiling) json["ceiling"] = *info.ceiling;
  return json;
}

MetricInfo MetricInfoFromJson(const Json& json, const std::string& where) {
  try {
    MetricInfo info{.name = json.at("name").get<std::string>(),
                    .title = json.at("title").get<std::string>(),
                    .unit = json.at("unit").get<std::string>(),
                    .better = DirectionOf(json.at("better").get<std::string>(), where + ": better"),
                    .order = json.at("order").get<int>(),
                    .per_frame = json.at("per_frame").get<bool>()};
    info.part_of = json.value("part_of", "");
    if (json.contains("decimals")) info.decimals = json["decimals"].get<int>();
    if (json.contains("limit")) info.limit = json["limit"].get<double>();
    if (json.contains("ceiling")) info.ceiling = json["ceiling"].get<double>();
    RequireSound(info, where);
    return info;
  } catch (const Json::exception& e) {
    Fail("{}: no description of a metric: {}", where, e.what());
  }
}

}  // namespace skipbench
