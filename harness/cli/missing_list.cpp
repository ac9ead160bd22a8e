#include "harness/cli/missing_list.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/format.h"

namespace skipbench::cli {

void MissingList::Add(Item item, const std::string& wanted_by) {
  auto found = std::find_if(items_.begin(), items_.end(),
                            [&](const Item& one) { return one.name == item.name && one.facts == item.facts; });
  if (found == items_.end()) found = items_.insert(items_.end(), std::move(item));
  if (std::find(found->wanted_by.begin(), found->wanted_by.end(), wanted_by) == found->wanted_by.end())
    found->wanted_by.push_back(wanted_by);
}

void MissingList::Add(const PublishedFile& file, const std::string& wanted_by) {
  Add({file.name,
       {{"file", file.file},
        {"size", file.size},
        {"hash", file.hash},
        {"source", file.source},
        {"target", file.target}},
       {}},
      wanted_by);
}

void MissingList::Add(const OfficialWeights& weights, const std::string& wanted_by) {
  metric_weights_ = true;
  Add({weights.target,
       {{"file", weights.file},
        {"size", Thousands(weights.bytes) + " bytes"},
        {"hash", "SHA-256 " + weights.sha256},
        {"source", weights.source},
        {"target", fmt::format("scripts/convert/metric_weights.py {} FOLDER/{}", weights.file, weights.target)}},
       {}},
      wanted_by);
}

void MissingList::AddUnknown(const std::string& name, const std::string& why, const std::string& wanted_by) {
  Add({name, {{"why", why}}, {}}, wanted_by);
}

std::string MissingList::Render() const {
  if (items_.empty()) return "";
  std::string text = fmt::format("\nmissing: {}, each once (nothing is downloaded)\n", items_.size());
  for (const auto& item : items_) {
    text += fmt::format("\n  {}\n", item.name);
    for (const auto& [label, fact] : item.facts) text += fmt::format("    {:<7} {}\n", label, fact);
    text += fmt::format("    {:<7} {}\n", "for", fmt::join(item.wanted_by, ", "));
  }
  if (metric_weights_)
    text +=
        "\nAll weights of metrics at once, from a folder that has the published files, each checked by its SHA-256:\n"
        "  scripts/convert/all_metric_weights.py DOWNLOADS FOLDER\n"
        "FOLDER is then named with \"metric_weights\" in a config, or SKIPBENCH_METRIC_WEIGHTS.\n";
  return text;
}

}  // namespace skipbench::cli
