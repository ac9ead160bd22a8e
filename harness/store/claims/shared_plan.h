// What the processes that share a results folder agree on before the first wave: the run, and its cut into waves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/store/records.h"

namespace skipbench {

struct SharedPlan {
  std::vector<std::pair<int64_t, int64_t>> waves;  // ordinals [begin, end) of what is to be run
  std::string extended;                            // JSON: names of the earlier results that are taken from
};

// The name of a wave, as its segment and its claim have it.
std::string WaveName(int64_t begin);

// Stores the plan in FOLDER/claims, which is there, unless another process has; returns what is there then. Error
// naming the first difference where that is another run's, or extends other results.
SharedPlan AgreeOnPlan(const std::filesystem::path& folder, const RunHeader& header, const SharedPlan& plan);

// What a folder has; nothing where no process has agreed on anything.
std::optional<std::pair<RunHeader, SharedPlan>> ReadSharedPlan(const std::filesystem::path& folder);

}  // namespace skipbench
