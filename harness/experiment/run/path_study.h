// Compares estimated skip paths with searched and random ones, for every number of skips: "path_study" in the config.
#pragma once

#include <vector>

#include "harness/experiment/plan/plan.h"
#include "harness/experiment/share/work_share.h"
#include "harness/store/result_writer.h"
#include "harness/store/search_record.h"

namespace skipbench {

// `searched`: what RunSearches found. Stores the extra path_study (store/path_study_record.h), unless it is there
// already. The errors of the paths it tries are logged like a search's: a run that was killed goes on from there.
// `share`: one of several processes makes it; null: this one.
void RunPathStudy(const Plan& plan, const std::vector<std::vector<SearchRecord>>& searched, ResultWriter* writer,
                  bool quiet, WorkShare* share = nullptr);

}  // namespace skipbench
