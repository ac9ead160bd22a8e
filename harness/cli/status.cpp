#include <filesystem>

#include "harness/base/format.h"
#include "harness/base/json.h"
#include "harness/base/progress.h"
#include "harness/cli/commands.h"
#include "harness/store/claims/progress.h"

namespace skipbench::cli {
namespace {

std::string NameOf(const ItemInHand& item) {
  if (item.first < 0) return item.item;
  return item.end - item.first == 1 ? fmt::format("sample {}", item.first)
                                    : fmt::format("samples {} to {}", item.first, item.end - 1);
}

// "waiting", "working at samples 12 to 15, 40 %", "dead, no sign of life for 75 s".
std::string StateOf(const WorkerState& worker, const RunProgress& progress) {
  const auto at = [&](const std::vector<ItemInHand>& items) -> std::string {
    for (const auto& item : items)
      if (item.worker.id == worker.id) return NameOf(item);
    return "";
  };
  if (worker.alive) {
    const std::string item = at(progress.in_flight);
    return item.empty() ? worker.state : fmt::format("working at {}, {:.0f} %", item, 100 * worker.fraction);
  }
  std::string text = worker.over() ? worker.state : "dead, no sign of life for " + FormatDuration(worker.age_s);
  if (const std::string item = at(progress.failed); !item.empty())
    text += fmt::format(" at {}: {}", item, worker.message);
  if (const std::string item = at(progress.abandoned); !item.empty()) text += fmt::format("; {} not done", item);
  return text;
}

std::string Text(const RunProgress& progress) {
  std::string text = fmt::format("{}: {}{}", progress.folder.string(),
                                 progress.name.empty() ? "" : progress.name + ", ", progress.state);
  if (progress.planned > 0) text += fmt::format(": {} of {} samples", progress.stored, progress.planned);
  if (progress.planned_waves > 0)
    text += fmt::format(", {} of {} waves", progress.stored_waves, progress.planned_waves);
  if (progress.shared)
    text += fmt::format("; in flight {}, failed {}, left by dead or stopped processes {}", progress.in_flight.size(),
                        progress.failed.size(), progress.abandoned.size());
  if (progress.left_s) text += fmt::format("; about {} left", FormatDuration(*progress.left_s));
  text += "\n";
  for (const auto& worker : progress.workers)
    text += fmt::format("  {}: {}; {} samples in {}\n", Describe(worker.process), StateOf(worker, progress),
                        worker.samples, FormatDuration(worker.busy_s));
  return text;
}

Json ToJson(const std::vector<ItemInHand>& items) {
  Json list = Json::array();
  for (const auto& item : items) {
    Json one = {{"item", item.item}, {"worker", item.worker.id}, {"fraction", item.worker.fraction}};
    if (item.first >= 0) one["samples"] = {item.first, item.end};
    if (!item.worker.message.empty()) one["message"] = item.worker.message;
    list.push_back(std::move(one));
  }
  return list;
}

Json ToJson(const RunProgress& progress) {
  Json json = {{"folder", progress.folder.string()},
               {"name", progress.name},
               {"state", progress.state},
               {"shared", progress.shared},
               {"samples", {{"planned", progress.planned}, {"stored", progress.stored}}},
               {"waves", {{"planned", progress.planned_waves}, {"stored", progress.stored_waves}}},
               {"in_flight", ToJson(progress.in_flight)},
               {"failed", ToJson(progress.failed)},
               {"abandoned", ToJson(progress.abandoned)},
               {"left_s", JsonNumber(progress.left_s)}};
  Json workers = Json::array();
  for (const auto& worker : progress.workers) {
    Json one = skipbench::ToJson(worker);
    for (const char* key : {"space", "start"}) one.erase(key);
    one["alive"] = worker.alive;
    one["age_s"] = worker.age_s;
    workers.push_back(std::move(one));
  }
  json["workers"] = std::move(workers);
  return json;
}

}  // namespace

int Status(const Texts& args) {
  const Values values = Parse("status", "status FOLDER... [--format text|json]",
                              {Input("results folders of runs, at work or not; of a run in shards all of them"),
                               Default<std::string>("format,f", "text", "text or json")},
                              args);
  const Texts folders = values.All("input");
  if (folders.empty()) Fail("skipbench status: at least one folder was expected");
  const bool json = values.Choice("format", {"text", "json"}) == "json";
  Json all = Json::array();
  int64_t planned = 0, stored = 0;
  for (const auto& folder : folders) {
    const RunProgress progress = ReadProgress(folder);
    planned = std::max(planned, progress.planned);
    stored += progress.stored;
    if (json)
      all.push_back(ToJson(progress));
    else
      fmt::print("{}", Text(progress));
  }
  if (json) fmt::print("{}\n", Json{{"runs", std::move(all)}}.dump(2, ' ', false, Json::error_handler_t::replace));
  if (!json && folders.size() > 1) fmt::print("together: {} of {} samples\n", stored, planned);
  return 0;
}

}  // namespace skipbench::cli
