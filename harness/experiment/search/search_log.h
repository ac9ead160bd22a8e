// A search's progress on the disk: the error of every path it has tried. A search depends on nothing else, so one that
// was killed is run again from its start, with the log for an answer wherever it has one.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/io/files/append_log.h"
#include "harness/sampling/path_evaluator.h"

namespace skipbench {

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

  std::filesystem::path path_;
  AppendLog file_;
  int calls_;
  std::vector<int64_t> ids_;
  std::map<int64_t, int> number_of_;
  std::map<PathQuery, double> errors_;
  std::map<int, double> norms_;
  PathEvaluatorCost cost_, counted_;
};

// Answers from the log, and asks `inner` for the rest; `inner` must report its answers to the log.
class LoggedOracle : public TrajectoryEvaluator {
 public:
  LoggedOracle(TrajectoryEvaluator& inner, const SearchLog& log) : inner_(inner), log_(log) {}
  int samples() const override { return inner_.samples(); }
  int calls() const override { return inner_.calls(); }
  std::vector<double> Errors(std::span<const PathQuery> queries) override;

 private:
  TrajectoryEvaluator& inner_;
  const SearchLog& log_;
};

}  // namespace skipbench
