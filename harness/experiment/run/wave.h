// One wave of samples through all settings: encode, sample (one tree per schedule), decode, measure.
#pragma once

#include <filesystem>
#include <functional>

#include "harness/experiment/extend/extension.h"
#include "harness/experiment/plan/plan.h"
#include "harness/experiment/run/kept_outputs.h"
#include "harness/store/records.h"

namespace skipbench {

// Is told scheduler calls done and to do in a wave, all trees together; may be empty.
using WaveProgress = std::function<void(int64_t done, int64_t total)>;

// Samples [begin, end) by ordinal. What fails for a sample in a setting (latents that are not finite, say) is recorded
// there, the rest is done. Pictures that the config wants as files ("png") are written under `out`.
// `needed` [setting]: the others are not run (Status::kNotRun); empty: all are. `extension`: takes what it has, in a
// stretch of its Cut(); may be null. `kept`: outputs of full runs that are looked up, and where new ones are kept; may
// be null.
Wave RunWave(const Plan& plan, int64_t begin, int64_t end, const std::filesystem::path& out,
             const std::vector<bool>& needed, const WaveProgress& progress, const Extension* extension = nullptr,
             KeptFolder* kept = nullptr);

// What each setting of the plan stores.
std::vector<std::vector<ColumnInfo>> PlannedColumns(const Plan& plan, const RunHeader& header);

}  // namespace skipbench
