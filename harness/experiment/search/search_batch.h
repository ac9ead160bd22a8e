// Consecutive samples of a plan that are searched together: their conditioning, their noise, and an evaluator whose
// answers are logged.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/plan/plan.h"
#include "harness/io/files/append_log.h"
#include "harness/sampling/path_evaluator.h"

namespace skipbench {

// A search's progress on the disk: the error of every path it has tried. A search depends on nothing else, so one that
// was killed is run again from its start, with the log for an answer wherever it has one.
class SearchLog {
 public:
  // JSON lines: first what is searched, then {"sample": id, "path": "1101", "error": 0.5} (null: not finite),
  // {"sample": id, "norm": 12.5}, and what the answers cost. `ids` are the samples' ids, in the order of the
  // evaluator's numbers. Error naming the file if it belongs to another search or holds something else.
  SearchLog(const std::filesystem::path& path, const std::string& search, int calls, std::vector<int64_t> ids);

  // Answers, and what they cost: `total` counts from the evaluator's start.
  void Add(std::span<const PathQuery> queries, std::span<const double> errors, const PathEvaluatorCost& total);
  void AddNorms(const std::vector<double>& norms);

  // nullptr: not known.
  const double* Find(const PathQuery& query) const;
  const std::map<PathQuery, double>& errors() const { return errors_; }
  const std::map<int, double>& norms() const { return norms_; }  // by the evaluator's number
  const PathEvaluatorCost& cost() const { return cost_; }        // over all runs

 private:
  void Read(const std::string& line, int number);
  void AddCost(const PathEvaluatorCost& more);

  std::filesystem::path path_;
  AppendLog file_;
  int calls_;
  std::vector<int64_t> ids_;
  std::map<int64_t, int> number_of_;
  std::map<PathQuery, double> errors_;
  std::map<int, double> norms_;
  PathEvaluatorCost cost_, counted_;
};

class SearchBatch {
 public:
  // The plan's samples [begin, end). The plan and the scheduler must outlive it.
  SearchBatch(const Plan& plan, const Scheduler& scheduler, double guidance, int64_t begin, int64_t end);
  SearchBatch(const SearchBatch&) = delete;
  SearchBatch& operator=(const SearchBatch&) = delete;

  Denoiser& denoiser() { return *denoiser_; }
  const std::vector<TreeSample>& samples() const { return samples_; }
  const std::vector<int64_t>& ids() const { return ids_; }

  // Opens the log, with the full paths' norms in it, and an evaluator that asks the network for what the log does not
  // know. `progress`, if any, is told how many paths' worth is known, after each answer and each scheduler call.
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
  std::unique_ptr<TrajectoryEvaluator> logged_;
};

}  // namespace skipbench
