#include "harness/cli/several_results.h"

#include <filesystem>
#include <set>

#include "harness/analysis/comparable.h"
#include "harness/analysis/decide/record.h"

namespace skipbench::cli {
namespace {

namespace fs = std::filesystem;

std::set<int64_t> SampleIds(const ResultReader& result) {
  std::set<int64_t> ids;
  for (const auto& sample : result.samples()) ids.insert(sample.id);
  return ids;
}

// The result with another part of its run; nothing where `path` is no such part.
std::optional<ResultReader> WithPart(const ResultReader& result, const Texts& paths, const ResultReader& part,
                                     const std::string& path, const Values& values) {
  if (result.header().name != part.header().name) return std::nullopt;
  const std::set<int64_t> ids = SampleIds(result);
  for (const auto& sample : part.samples())
    if (ids.contains(sample.id)) return std::nullopt;
  std::vector<fs::path> all(paths.begin(), paths.end());
  all.emplace_back(path);
  try {
    return ResultReader::Open(all, ReadingOptions(values));
  } catch (const Error&) {
    return std::nullopt;  // each of them was read by itself: they are of two experiments
  }
}

}  // namespace

std::string NameOfResult(const std::string& path) {
  const fs::path clean = fs::path(path).lexically_normal();
  const fs::path last = clean.has_filename() ? clean.filename() : clean.parent_path().filename();
  if (last == "results.h5" && clean.parent_path().has_filename()) return clean.parent_path().filename().string();
  return last.empty() || last == "." ? path : last.string();
}

std::vector<NamedResult> OpenSeveral(const Texts& paths, const Values& values) {
  std::vector<Texts> groups;
  std::vector<ResultReader> results;
  for (const auto& path : paths) {
    ResultReader alone = ResultReader::Open(path, ReadingOptions(values));
    bool joined = false;
    for (size_t g = 0; g < groups.size() && !joined; ++g)
      if (auto both = WithPart(results[g], groups[g], alone, path, values)) {
        results[g] = std::move(*both);
        groups[g].push_back(path);
        joined = true;
      }
    if (joined) continue;
    groups.push_back({path});
    results.push_back(std::move(alone));
  }
  std::vector<NamedResult> named;
  std::set<std::string> names;
  for (size_t g = 0; g < groups.size(); ++g) {
    if (const auto kept = KeptOf(results[g])) results[g].Keep(*kept);
    PrintNotes(results[g]);
    std::string name = NameOfResult(groups[g][0]);
    if (!names.insert(name).second) names.insert(name = groups[g][0]);
    named.push_back({std::move(name), std::move(results[g])});
  }
  return named;
}

Texts WhyNotBeside(const std::vector<NamedResult>& results) {
  Texts notes;
  for (size_t r = 1; r < results.size(); ++r)
    for (const auto& reason : WhyNotComparable(results[0].result, results[r].result))
      notes.push_back(fmt::format("{} (BASE) and {} (NEW) are of different experiments: {}.", results[0].name,
                                  results[r].name, reason));
  for (size_t r = 1; r < results.size(); ++r)
    if (const std::string others = CalledTheSame(results[0].result.header(), results[r].result.header());
        !others.empty())
      notes.push_back(fmt::format("{} (BASE) and {} (NEW) have rows that are called the same and are not: {}.",
                                  results[0].name, results[r].name, others));
  return notes;
}

}  // namespace skipbench::cli
