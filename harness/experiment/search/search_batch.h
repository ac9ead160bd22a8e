// Consecutive samples of a plan that are searched together: their conditioning, their noise, and an evaluator whose
// answers are logged.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/plan/plan.h"
#include "harness/experiment/search/search_log.h"

namespace skipbench {

class SearchBatch {
 public:
  // The plan's samples [begin, end). The plan and the scheduler must outlive it.
  SearchBatch(const Plan& plan, const Scheduler& scheduler, double guidance, int64_t begin, int64_t end);
  SearchBatch(const SearchBatch&) = delete;
  SearchBatch& operator=(const SearchBatch&) = delete;

  Denoiser& denoiser() { return *denoiser_; }
  const std::vector<TreeSample>& samples() const { return samples_; }
  const std::vector<int64_t>& ids() const { return ids_; }

  // Opens the log and an evaluator that asks the network for what the log does not know; the full paths' norms are in
  // the log then. `progress`, if any, is told how many paths' worth is known: after each answer, and after each
  // scheduler call.
  TrajectoryEvaluator& Open(const std::filesystem::path& file, const std::string& search,
                            std::function<void(double)> progress = {});
  const SearchLog& log() const { return *log_; }  // after Open

 private:
  const Plan& plan_;
  const Scheduler& scheduler_;
  std::unique_ptr<Denoiser> denoiser_;
  std::vector<std::unique_ptr<NoiseStream>> streams_;
  std::vector<TreeSample> samples_;
  std::vector<int64_t> ids_;
  std::optional<SearchLog> log_;
  std::optional<PathEvaluator> evaluator_;
  std::optional<LoggedOracle> logged_;
};

}  // namespace skipbench
