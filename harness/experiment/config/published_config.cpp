#include "harness/experiment/config/published_config.h"

#include <algorithm>

#include "harness/base/did_you_mean.h"

namespace skipbench {

std::vector<PublishedRow> ReadPublishedConfig(const JsonReader& config, const std::filesystem::path& folder) {
  constexpr size_t kMaxBytes = size_t{1} << 20;
  const Json* given = config.Find("published");
  if (!given || given->is_null()) return {};
  const Json list = given->is_array() ? *given : Json::array({*given});
  std::vector<PublishedRow> rows;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = given->is_array() ? fmt::format("published[{}]", i) : "published";
    std::vector<PublishedRow> more;
    if (list[i].is_string()) {
      const std::filesystem::path file = (folder / list[i].get<std::string>()).lexically_normal();
      if (!std::filesystem::is_regular_file(file))
        config.FailAt(place, fmt::format("{}: no such file; expected a file of published rows", file.string()));
      more = ReadPublished(ReadJsonFile(file, kMaxBytes), file.string(), "");
    } else if (list[i].is_object()) {
      more = {PublishedTable().Read(JsonReader(list[i], config.file(), place))};
    } else {
      config.FailAt(place, fmt::format("expected a row or the path of a file of rows, found {}", Describe(list[i])));
    }
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

std::vector<std::string> NotesOnPublished(const ExperimentConfig& config) {
  const auto rows = ReadPublishedConfig(JsonReader(config.json, config.file.string()), config.folder());
  std::vector<std::string> labels, notes;
  for (const auto& setting : config.settings) labels.push_back(setting.label);
  for (const auto& row : rows) {
    if (row.setting.empty() || std::ranges::find(labels, row.setting) != labels.end()) continue;
    std::string note = fmt::format("published: the run has no setting \"{}\", which a row of {} names{}", row.setting,
                                   row.method, DidYouMean(row.setting, labels));
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace skipbench
