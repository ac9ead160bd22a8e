#include "harness/experiment/search/search_batch.h"

#include <cmath>
#include <limits>

#include "harness/base/json.h"

namespace skipbench {
namespace {

// Answers from the log, and asks `inner` for the rest; `inner` must report its answers to the log.
class LoggedOracle : public TrajectoryEvaluator {
 public:
  LoggedOracle(TrajectoryEvaluator& inner, const SearchLog& log) : inner_(inner), log_(log) {}
  int samples() const override { return inner_.samples(); }
  int calls() const override { return inner_.calls(); }
  std::vector<double> Errors(std::span<const PathQuery> queries) override {
    std::vector<PathQuery> unknown;
    for (const auto& query : queries)
      if (!log_.Find(query)) unknown.push_back(query);
    if (!unknown.empty()) inner_.Errors(unknown);
    std::vector<double> errors;
    for (const auto& query : queries) {
      const double* known = log_.Find(query);
      errors.push_back(known ? *known : 0);  // the full path's error, which is not reported
    }
    return errors;
  }

 private:
  TrajectoryEvaluator& inner_;
  const SearchLog& log_;
};

}  // namespace

SearchLog::SearchLog(const std::filesystem::path& path, const std::string& search, int calls, std::vector<int64_t> ids)
    : path_(path), file_(path), calls_(calls), ids_(std::move(ids)) {
  for (size_t i = 0; i < ids_.size(); ++i) number_of_[ids_[i]] = static_cast<int>(i);
  const std::string head = Json{{"search", search}, {"calls", calls}, {"samples", ids_}}.dump();
  const auto& lines = file_.lines();
  if (lines.empty()) {
    file_.Append(head + "\n");
    return;
  }
  if (lines[0] != head) Fail("{}: belongs to another search: {} there, {} here", path.string(), lines[0], head);
  for (size_t i = 1; i < lines.size(); ++i) Read(lines[i], static_cast<int>(i + 1));
}

void SearchLog::Read(const std::string& line, int number) {
  const std::string where = fmt::format("{}:{}", path_.string(), number);
  const Json json = ParseJson(line, where);
  const JsonReader reader(json, where);
  if (reader.Has("evaluations")) {
    return AddCost({.evaluations = reader.Int("evaluations", 0),
                    .naive_evaluations = reader.Int("naive_evaluations", 0),
                    .seconds = reader.Double("seconds", 0)});
  }
  const int64_t id = reader.Int("sample");
  const auto found = number_of_.find(id);
  if (found == number_of_.end()) Fail("{}: sample {} is none of this search", where, id);
  if (reader.Has("norm")) {
    norms_[found->second] = reader.Double("norm");
    return;
  }
  Mask mask;
  for (const char entry : reader.String("path")) mask.push_back(entry == '1');
  if (static_cast<int>(mask.size()) != calls_)
    Fail("{}: the path has {} entries, the run makes {} scheduler calls", where, mask.size(), calls_);
  errors_[{found->second, std::move(mask)}] =
      reader.Has("error") ? reader.Double("error") : std::numeric_limits<double>::infinity();
}

void SearchLog::AddCost(const PathEvaluatorCost& more) {
  cost_.evaluations += more.evaluations;
  cost_.naive_evaluations += more.naive_evaluations;
  cost_.seconds += more.seconds;
}

void SearchLog::Add(std::span<const PathQuery> queries, std::span<const double> errors,
                    const PathEvaluatorCost& total) {
  const PathEvaluatorCost more{.evaluations = total.evaluations - counted_.evaluations,
                               .naive_evaluations = total.naive_evaluations - counted_.naive_evaluations,
                               .seconds = total.seconds - counted_.seconds};
  counted_ = total;
  AddCost(more);
  // The cost first: of answers that a crash tears off it was spent all the same.
  std::string lines =
      Json{{"evaluations", more.evaluations}, {"naive_evaluations", more.naive_evaluations}, {"seconds", more.seconds}}
          .dump() +
      "\n";
  for (size_t i = 0; i < queries.size(); ++i) {
    if (!errors_.emplace(queries[i], errors[i]).second) continue;
    const Json error = std::isfinite(errors[i]) ? Json(errors[i]) : Json();
    lines += fmt::format("{{\"sample\":{},\"path\":\"{}\",\"error\":{}}}\n", ids_[queries[i].sample],
                         ToString(queries[i].mask), error.dump());
  }
  file_.Append(lines);
}

void SearchLog::AddNorms(const std::vector<double>& norms) {
  std::string lines;
  for (size_t i = 0; i < norms.size(); ++i)
    if (norms_.emplace(static_cast<int>(i), norms[i]).second)
      lines += Json{{"sample", ids_[i]}, {"norm", norms[i]}}.dump() + "\n";
  file_.Append(lines);
}

const double* SearchLog::Find(const PathQuery& query) const {
  const auto found = errors_.find(query);
  return found == errors_.end() ? nullptr : &found->second;
}

SearchBatch::SearchBatch(const Plan& plan, const Scheduler& scheduler, double guidance, int64_t begin, int64_t end)
    : plan_(plan), scheduler_(scheduler) {
  const std::span<const Sample> samples(plan.samples.data() + begin, static_cast<size_t>(end - begin));
  denoiser_ = plan.Encode(samples, guidance);
  for (size_t s = 0; s < samples.size(); ++s) {
    streams_.push_back(plan.OpenNoise(begin + static_cast<int64_t>(s)));
    samples_.push_back({samples[s].id, streams_.back().get()});
    ids_.push_back(samples[s].id);
  }
}

TrajectoryEvaluator& SearchBatch::Open(const std::filesystem::path& file, const std::string& search,
                                       std::function<void(double)> progress) {
  log_.emplace(file, search, scheduler_.calls(), ids_);
  PathEvaluatorOptions options;
  options.batch_size = plan_.config.batch_size;
  options.batch_invariant = plan_.config.batch_invariant;
  options.memory_bytes = plan_.config.search_memory;
  options.answered = [this, progress](std::span<const PathQuery> queries, std::span<const double> errors) {
    log_->Add(queries, errors, evaluator_->cost());
    if (progress) progress(static_cast<double>(log_->errors().size()));
  };
  if (progress)
    options.progress = [this, progress](double paths) { progress(static_cast<double>(log_->errors().size()) + paths); };
  evaluator_.emplace(scheduler_, *denoiser_, samples_, plan_.config.model.dtype, plan_.device, options);
  if (log_->norms().size() < samples_.size()) log_->AddNorms(evaluator_->FullNorms());
  logged_ = std::make_unique<LoggedOracle>(*evaluator_, *log_);
  return *logged_;
}

}  // namespace skipbench
