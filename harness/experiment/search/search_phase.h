// Before the waves: finds the paths that settings of the type greedy_search replay.
#pragma once

#include <memory>
#include <vector>

#include "harness/experiment/plan/plan.h"
#include "harness/experiment/share/work_share.h"
#include "harness/sampling/search.h"
#include "harness/store/result_writer.h"
#include "harness/store/search_record.h"

namespace skipbench {

// Settings of one run that differ only in how far they search, and so share one search.
struct SearchJob {
  const Search* search = nullptr;
  SearchTarget target = {};  // the farthest of them
  std::shared_ptr<const Scheduler> scheduler = {};
  double guidance = 1;
  int64_t samples = 0;             // the first that many of the plan
  std::vector<int> settings = {};  // indices into plan.settings; none: it is made for the study of paths
  bool study = false;              // the study of paths compares with it
};

std::vector<SearchJob> CollectSearches(const Plan& plan);

// The paths of a record's subjects (a sample each, or one for all).
std::vector<PathFamily> FamiliesOf(const SearchRecord& record);

// Runs every search, a wave's samples at a time (a shared path: all at once), puts the paths into plan->settings, and
// returns what each of CollectSearches() found. Records are stored as extras (store/search_record.h); until then
// OUT/search/*.jsonl hold the progress, from which a killed run goes on. For samples whose search fails the setting
// fails, with the reason. `share`: several processes search a part each, and wait for all; null: this one alone.
std::vector<std::vector<SearchRecord>> RunSearches(Plan* plan, ResultWriter* writer, bool quiet,
                                                   WorkShare* share = nullptr);

// Where the progress of an item's search, `name` with .jsonl behind, is kept. Of a shared item each owner has a file of
// its own, that begins with what the one before it had found.
std::filesystem::path SearchLogFile(const ResultWriter& writer, const WorkShare* share, const std::string& item,
                                    const std::string& name);

}  // namespace skipbench
