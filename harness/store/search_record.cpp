#include "harness/store/search_record.h"

#include <cmath>

namespace skipbench {
namespace {

template <class T>
Array<T> ReadArray(const hdf5::Group& group, const std::string& name, size_t axes) {
  const hdf5::Dataset dataset = group.OpenDataset(name);
  if (dataset.shape().size() != axes)
    Fail("{}: has {} axes, expected {}", dataset.Where(), dataset.shape().size(), axes);
  return {dataset.shape(), dataset.Read<T>()};
}

void RequireLength(const hdf5::Group& group, const char* name, int64_t found, int64_t expected) {
  if (found != expected) Fail("{}: {} has {} rows, expected {}", group.Where(), name, found, expected);
}

}  // namespace

int64_t SearchRecord::PathCount(int64_t subject) const {
  int64_t count = 0;
  while (count < family_error.shape.at(1) && !std::isnan(family_error.values[subject * family_error.shape[1] + count]))
    ++count;
  return count;
}

std::string SearchName(int search, int64_t first_ordinal) {
  return fmt::format("{}{}_{:08}", kSearchPrefix, search, first_ordinal);
}

void WriteSearch(hdf5::Group& group, const SearchRecord& record) {
  group.SetAttribute("search", record.search);
  group.SetAttribute("scope", std::string(record.shared ? "shared" : "sample"));
  group.SetAttribute("settings", record.settings);
  group.SetAttribute("evaluations", record.evaluations);
  group.SetAttribute("naive_evaluations", record.naive_evaluations);
  group.SetAttribute("paths", static_cast<int64_t>(record.tried_error.size()));
  group.SetAttribute("seconds", record.seconds);
  group.SetAttribute("error_units", std::string("L2 of the final latent against the full path's"));
  const int64_t n = static_cast<int64_t>(record.samples.size()),
                tried = static_cast<int64_t>(record.tried_error.size());
  group.Write("sample", record.samples, {n}, {"sample"});
  group.Write("latent_norm", record.latent_norm, {n}, {"sample"});
  group.Write("family", record.family.values, record.family.shape, {"subject", "skips", "call"})
      .SetAttribute("codes", std::string("0 reuse, 1 predict"));
  group.Write("family_error", record.family_error.values, record.family_error.shape, {"subject", "skips"});
  group.Write("message", record.message, {static_cast<int64_t>(record.message.size())}, {"subject"});
  group.Write("tried_sample", record.tried_sample, {tried}, {"tried"});
  group.Write("tried_path", record.tried_path.values, record.tried_path.shape, {"tried", "call"});
  group.Write("tried_error", record.tried_error, {tried}, {"tried"});
}

SearchRecord ReadSearch(const hdf5::Group& group) {
  SearchRecord record;
  record.search = group.Attribute<std::string>("search");
  record.shared = group.Attribute<std::string>("scope") == "shared";
  record.settings = group.AttributeList<int64_t>("settings");
  record.evaluations = group.Attribute<int64_t>("evaluations");
  record.naive_evaluations = group.Attribute<int64_t>("naive_evaluations");
  record.seconds = group.Attribute<double>("seconds");
  record.samples = group.Read<int64_t>("sample");
  record.latent_norm = group.Read<double>("latent_norm");
  record.family = ReadArray<uint8_t>(group, "family", 3);
  record.family_error = ReadArray<double>(group, "family_error", 2);
  record.message = group.Read<std::string>("message");
  record.tried_sample = group.Read<int64_t>("tried_sample");
  record.tried_path = ReadArray<uint8_t>(group, "tried_path", 2);
  record.tried_error = group.Read<double>("tried_error");
  const int64_t subjects = record.shared ? 1 : static_cast<int64_t>(record.samples.size());
  RequireLength(group, "latent_norm", static_cast<int64_t>(record.latent_norm.size()),
                static_cast<int64_t>(record.samples.size()));
  RequireLength(group, "family", record.family.shape[0], subjects);
  RequireLength(group, "family_error", record.family_error.shape[0], subjects);
  RequireLength(group, "message", static_cast<int64_t>(record.message.size()), subjects);
  if (record.family.shape[1] != record.family_error.shape[1])
    Fail("{}: family has {} numbers of skips, family_error {}", group.Where(), record.family.shape[1],
         record.family_error.shape[1]);
  const int64_t tried = static_cast<int64_t>(record.tried_error.size());
  RequireLength(group, "tried_sample", static_cast<int64_t>(record.tried_sample.size()), tried);
  RequireLength(group, "tried_path", record.tried_path.shape[0], tried);
  return record;
}

std::vector<SearchRecord> ReadSearches(const ResultReader& result) {
  std::vector<SearchRecord> records;
  for (const auto& name : result.Extras()) {
    if (!name.starts_with(kSearchPrefix)) continue;
    for (const auto& group : result.OpenExtra(name)) records.push_back(ReadSearch(group));
  }
  return records;
}

}  // namespace skipbench
