#include "harness/store/search_record.h"

#include <cmath>

#include "harness/store/record_io.h"

namespace skipbench {
namespace {

template <class Io, class Record>
void Fields(Io& io, Record& record) {
  io.Attribute("search", record.search);
  io.Attribute("settings", record.settings);
  io.Attribute("evaluations", record.evaluations);
  io.Attribute("naive_evaluations", record.naive_evaluations);
  io.Attribute("seconds", record.seconds);
  io.Remark("error_units", "L2 of the final latent against the full path's");
  io.Dataset("sample", record.samples, "sample");
  io.Dataset("latent_norm", record.latent_norm, "sample");
  io.Dataset("family", record.family, {"subject", "skips", "call"});
  io.Dataset("family_error", record.family_error, {"subject", "skips"});
  io.Dataset("message", record.message, "subject");
  io.Dataset("tried_sample", record.tried_sample, "tried");
  io.Dataset("tried_path", record.tried_path, {"tried", "call"});
  io.Dataset("tried_error", record.tried_error, "tried");
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
  GroupWriter writer(group);
  Fields(writer, record);
  group.SetAttribute("scope", std::string(record.shared ? "shared" : "sample"));
  group.SetAttribute("paths", std::ssize(record.tried_error));
  group.OpenDataset("family").SetAttribute("codes", std::string("0 reuse, 1 predict"));
}

SearchRecord ReadSearch(const hdf5::Group& group) {
  SearchRecord record;
  GroupReader reader(group);
  Fields(reader, record);
  record.shared = group.Attribute<std::string>("scope") == "shared";
  const int64_t subjects = record.shared ? 1 : std::ssize(record.samples);
  if (record.family.shape[0] != subjects)
    Fail("{}: family has {} rows, expected {}", group.Where(), record.family.shape[0], subjects);
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
