#include "harness/experiment/run/path_study.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/progress.h"
#include "harness/base/random.h"
#include "harness/experiment/search/search_batch.h"
#include "harness/experiment/search/search_phase.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/stats/path_agreement.h"
#include "harness/store/outputs.h"
#include "harness/store/path_study_record.h"
#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A method that watches and decides, while every call predicts: its criterion along the full-step trajectory.
class Watcher : public Method {
 public:
  explicit Watcher(std::shared_ptr<const Method> method) : method_(std::move(method)) {}
  std::string type() const override { return method_->type(); }
  std::string Label() const override { return method_->Label(); }
  Needs Observes() const override { return method_->Observes(); }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    return std::make_unique<Watching>(method_->Start(run));
  }

 private:
  class Watching : public Policy {
   public:
    explicit Watching(std::unique_ptr<Policy> policy) : policy_(std::move(policy)) {}
    Decision Decide(int call) override {
      policy_->Decide(call);
      return {};
    }
    void Observe(int call, const Observation& seen) override { policy_->Observe(call, seen); }
    std::unique_ptr<Policy> Clone() const override { return std::make_unique<Watching>(policy_->Clone()); }
    Trace TakeTrace() override { return policy_->TakeTrace(); }

   private:
    std::unique_ptr<Policy> policy_;
  };

  std::shared_ptr<const Method> method_;
};

// Calls in the order in which a ranked estimate skips them. Entry i of a trace belongs to the decision for call i + 1.
std::vector<int> Ranking(const Trace& trace, const Criterion& declared, const std::string& label) {
  const auto criterion = trace.find("criterion"), threshold = trace.find("threshold");
  if (criterion == trace.end() || threshold == trace.end())
    Fail("path_study: {} records no criterion and threshold, by which calls could be ranked", label);
  std::vector<std::pair<double, int>> scores;
  for (size_t i = 0; i + 1 < criterion->second.size(); ++i) {
    const double ratio = criterion->second[i] / threshold->second[i];
    if (std::isnan(ratio)) continue;
    scores.emplace_back(declared.predicts == Criterion::Predicts::kAbove ? ratio : -ratio, static_cast<int>(i + 1));
  }
  std::sort(scores.begin(), scores.end());
  std::vector<int> calls;
  for (const auto& [score, call] : scores) calls.push_back(call);
  return calls;
}

uint64_t Mix(uint64_t a, uint64_t b) { return SplitMix(a + 0x9e3779b97f4a7c15 * b).Next(); }

class Study {
 public:
  Study(const Plan& plan, const std::vector<SearchRecord>& searched, ResultWriter* writer, bool quiet,
        const WorkShare* share)
      : plan_(plan),
        config_(*plan.config.path_study),
        writer_(*writer),
        share_(share),
        quiet_(quiet),
        reference_(plan.settings[plan.settings[0].reference]),
        calls_(reference_.scheduler->calls()) {
    Prepare();
    Searched(searched);
  }

  PathStudyRecord Run() {
    c10::InferenceMode inference;
    Progress progress("comparing paths", quiet_);
    const int64_t n = std::ssize(plan_.samples);
    for (int64_t begin = 0; begin < n; begin += plan_.config.wave_size) {
      progress.Update(static_cast<double>(begin), static_cast<double>(n));
      Portion(begin, std::min(begin + plan_.config.wave_size, n));
    }
    progress.Update(static_cast<double>(n), static_cast<double>(n));
    for (auto& estimate : record_.estimates) Compare(&estimate);
    return std::move(record_);
  }

 private:
  // Every array in its size, with nothing in it.
  void Prepare() {
    const int64_t n = std::ssize(plan_.samples), k = config_.skips, draws = config_.random_paths;
    record_.search = config_.search->Key();
    record_.first = config_.first;
    record_.permutations = config_.permutations;
    record_.seed = config_.seed;
    for (const auto& sample : plan_.samples) record_.samples.push_back(sample.id);
    record_.latent_norm.assign(n, kNaN);
    for (int64_t skips = 1; skips <= k; ++skips) record_.skips.push_back(skips);
    record_.searched_path = {{n, k, calls_}, std::vector<uint8_t>(n * k * calls_, 0)};
    record_.searched_error = {{n, k}, std::vector<double>(n * k, kNaN)};
    record_.random_path = {{n, k, draws, calls_}, std::vector<uint8_t>(n * k * draws * calls_, 0)};
    record_.random_error = {{n, k, draws}, std::vector<double>(n * k * draws, kNaN)};
    for (const auto& estimator : config_.estimators) {
      PathEstimate estimate;
      estimate.label = estimator.label;
      estimate.use = estimator.ranked ? "ranked" : "thresholded";
      estimate.path = record_.searched_path;
      estimate.error = record_.searched_error;
      estimate.table = {{n, k, 4}, std::vector<int64_t>(n * k * 4, 0)};
      for (const auto& name : PathStatistics()) estimate.statistics[name] = record_.searched_error;
      record_.estimates.push_back(std::move(estimate));
    }
  }

  void Searched(const std::vector<SearchRecord>& records) {
    for (const auto& record : records) {
      const auto families = FamiliesOf(record);
      for (size_t i = 0; i < families.size(); ++i) {
        const auto place =
            std::find(record_.samples.begin(), record_.samples.end(), record.samples[i]) - record_.samples.begin();
        for (int k = 1; k <= config_.skips && k < static_cast<int>(families[i].paths.size()); ++k) {
          Put(families[i].paths[k].mask, place, k, &record_.searched_path);
          record_.searched_error.values[place * config_.skips + k - 1] = families[i].paths[k].error;
        }
      }
    }
  }

  void Put(const Mask& mask, int64_t sample, int64_t skips, Array<uint8_t>* paths) const {
    std::copy(mask.begin(), mask.end(), paths->values.begin() + (sample * config_.skips + skips - 1) * calls_);
  }
  int64_t RandomAt(int64_t sample, int64_t skips, int64_t draw) const {
    return (sample * config_.skips + skips - 1) * config_.random_paths + draw;
  }
  std::span<const uint8_t> PathAt(const Array<uint8_t>& paths, int64_t sample, int64_t skips) const {
    return std::span(paths.values).subspan((sample * config_.skips + skips - 1) * calls_, calls_);
  }

  // Estimated and random paths of the samples [begin, end), and their errors.
  void Portion(int64_t begin, int64_t end) {
    SearchBatch portion(plan_, *reference_.scheduler, reference_.guidance, begin, end);
    Estimate(begin, portion.samples(), portion.denoiser());
    DrawRandom(begin, end);
    TrajectoryEvaluator& evaluator = portion.Open(LogFile(begin), "path_study");
    const SearchLog& log = portion.log();
    for (const auto& [number, norm] : log.norms()) record_.latent_norm[begin + number] = norm;
    Measure(begin, end, evaluator);
    record_.evaluations += log.cost().evaluations;
    record_.seconds += log.cost().seconds;
  }

  void Estimate(int64_t begin, const std::vector<TreeSample>& samples, Denoiser& denoiser) {
    std::vector<std::shared_ptr<const Method>> methods;
    for (const auto& estimator : config_.estimators)
      for (const auto& method : estimator.methods)
        methods.push_back(estimator.ranked ? std::make_shared<Watcher>(method) : method);
    std::vector<const Method*> settings;
    for (const auto& method : methods) settings.push_back(method.get());
    TreeOptions options = plan_.Trees();
    options.group_size = 1;
    const TreeResult result = plan_.Run(*reference_.scheduler, denoiser, samples, settings, options);
    record_.evaluations += result.full_evaluations;
    size_t at = 0;
    for (size_t e = 0; e < config_.estimators.size(); ++e) {
      const PathEstimator& estimator = config_.estimators[e];
      for (size_t m = 0; m < estimator.methods.size(); ++m, ++at)
        for (size_t s = 0; s < samples.size(); ++s) {
          const auto& run = result.records[at][s];
          if (estimator.ranked)
            PutRanked(Ranking(run.trace, *estimator.methods[0]->criterion(), estimator.label),
                      begin + static_cast<int64_t>(s), &record_.estimates[e].path);
          else
            PutDecided(run.decisions, begin + static_cast<int64_t>(s), estimator.label, &record_.estimates[e].path);
        }
    }
  }

  void PutRanked(const std::vector<int>& ranking, int64_t sample, Array<uint8_t>* paths) const {
    Mask mask(calls_, 1);
    for (size_t k = 0; k < ranking.size() && static_cast<int>(k) < config_.skips; ++k) {
      mask[ranking[k]] = 0;
      Put(mask, sample, static_cast<int64_t>(k) + 1, paths);
    }
  }

  // The first of the settings with that many skips counts.
  void PutDecided(const std::vector<Decision>& decisions, int64_t sample, const std::string& label,
                  Array<uint8_t>* paths) const {
    Mask mask;
    for (const auto& decision : decisions) {
      if (decision.action == Action::kShallow || decision.action == Action::kCombine)
        Fail("path_study: {} does more than that in a call; a path only predicts or reuses", label);
      mask.push_back(decision.action == Action::kPredict);
    }
    const int skips = CountSkips(mask);
    if (skips < 1 || skips > config_.skips || PathAt(*paths, sample, skips)[0]) return;
    Put(mask, sample, skips, paths);
  }

  void DrawRandom(int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s)
      for (int64_t k = 1; k <= config_.skips; ++k)
        for (int64_t draw = 0; draw < config_.random_paths; ++draw) {
          const uint64_t seed =
              Mix(Mix(Mix(config_.seed, static_cast<uint64_t>(record_.samples[s])), static_cast<uint64_t>(k)),
                  static_cast<uint64_t>(draw));
          const Mask mask = RandomMask(calls_, static_cast<int>(k), seed, static_cast<int>(config_.first),
                                       static_cast<int>(config_.last));
          std::copy(mask.begin(), mask.end(), record_.random_path.values.begin() + RandomAt(s, k, draw) * calls_);
        }
  }

  // All paths of a portion in one question: what they share is predicted once.
  void Measure(int64_t begin, int64_t end, TrajectoryEvaluator& evaluator) {
    std::vector<PathQuery> queries;
    std::vector<double*> places;
    auto ask = [&](int64_t sample, std::span<const uint8_t> path, double* place) {
      if (!path[0]) return;
      queries.push_back({static_cast<int>(sample - begin), Mask(path.begin(), path.end())});
      places.push_back(place);
    };
    for (int64_t s = begin; s < end; ++s)
      for (int64_t k = 1; k <= config_.skips; ++k) {
        const int64_t at = s * config_.skips + k - 1;
        for (auto& estimate : record_.estimates) ask(s, PathAt(estimate.path, s, k), &estimate.error.values[at]);
        for (int64_t draw = 0; draw < config_.random_paths; ++draw)
          ask(s, std::span(record_.random_path.values).subspan(RandomAt(s, k, draw) * calls_, calls_),
              &record_.random_error.values[RandomAt(s, k, draw)]);
      }
    const std::vector<double> errors = evaluator.Errors(queries);
    for (size_t i = 0; i < errors.size(); ++i) *places[i] = errors[i];
  }

  void Compare(PathEstimate* estimate) const {
    for (int64_t s = 0; s < std::ssize(record_.samples); ++s)
      for (int64_t k = 1; k <= config_.skips; ++k) {
        const auto searched = PathAt(record_.searched_path, s, k), estimated = PathAt(estimate->path, s, k);
        if (!searched[0] || !estimated[0]) continue;
        const int64_t at = s * config_.skips + k - 1;
        const int first = static_cast<int>(config_.first);
        const PathAgreement agreement = ComparePaths(searched, estimated, first);
        for (int i = 0; i < 4; ++i) estimate->table.values[at * 4 + i] = agreement.table[i / 2][i % 2];
        auto put = [&](const char* name, double value) { estimate->statistics.at(name).values[at] = value; };
        put("agreement", agreement.agreement);
        put("kappa", agreement.kappa);
        put("fisher_p", agreement.fisher_p);
        put("shift_p", agreement.shift_p);
        put("run_p", RunPermutationP(searched, estimated, first, config_.permutations,
                                     Mix(Mix(config_.seed, static_cast<uint64_t>(s)), static_cast<uint64_t>(k))));
        if (!agreement.test.defined) continue;
        put("chi2", agreement.test.chi2);
        put("p", agreement.test.p);
        put("chi2_yates", agreement.test.chi2_yates);
        put("p_yates", agreement.test.p_yates);
        put("phi", agreement.test.phi);
      }
  }

  std::filesystem::path LogFile(int64_t begin) const {
    return SearchLogFile(writer_, share_, kPathStudyGroup, fmt::format("path_study_{:08}", begin));
  }

  const Plan& plan_;
  const PathStudyConfig& config_;
  ResultWriter& writer_;
  const WorkShare* const share_;
  const bool quiet_;
  const PlannedSetting& reference_;
  const int64_t calls_;
  PathStudyRecord record_;
};

}  // namespace

void RunPathStudy(const Plan& plan, const std::vector<std::vector<SearchRecord>>& searched, ResultWriter* writer,
                  bool quiet, WorkShare* share) {
  const auto jobs = CollectSearches(plan);
  const auto job = std::find_if(jobs.begin(), jobs.end(), [](const SearchJob& j) { return j.study; });
  const auto make = [&] {
    const PathStudyRecord record = Study(plan, searched.at(job - jobs.begin()), writer, quiet, share).Run();
    writer->CommitExtra(kPathStudyGroup, [&](hdf5::Group& group) { WritePathStudy(group, record); });
  };
  if (share) return share->Do({kPathStudyGroup}, [&](size_t) { make(); });
  if (!writer->ReadExtra(kPathStudyGroup, [](const hdf5::Group&) {})) make();
  std::error_code ignored;  // the log is of no more use
  std::filesystem::remove_all(writer->folder() / kSearchFolder, ignored);
}

}  // namespace skipbench
