#include "methods/greedy_search/greedy_search.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/error.h"
#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

constexpr double kMostExhaustivePaths = 1 << 17;

// All samples as one: the error of a path is the root mean square of the samples' errors, which is up to a constant the
// L2 distance of all their latents together.
class SharedEvaluator : public TrajectoryEvaluator {
 public:
  explicit SharedEvaluator(TrajectoryEvaluator& inner) : inner_(inner) {}
  int samples() const override { return 1; }
  int calls() const override { return inner_.calls(); }
  std::vector<double> Errors(std::span<const PathQuery> queries) override {
    std::vector<PathQuery> all;
    for (int s = 0; s < inner_.samples(); ++s)
      for (const auto& query : queries) all.push_back({s, query.mask});
    const std::vector<double> errors = inner_.Errors(all);
    std::vector<double> shared(queries.size(), 0);
    for (size_t i = 0; i < errors.size(); ++i) shared[i % queries.size()] += errors[i] * errors[i];
    for (double& error : shared) error = std::sqrt(error / inner_.samples());
    return shared;
  }

 private:
  TrajectoryEvaluator& inner_;
};

bool Better(const SearchedPath& a, const SearchedPath& b) {
  // Of equal errors the mask decides, so that the outcome depends on nothing else.
  return a.error != b.error ? a.error < b.error : a.mask > b.mask;
}

class PathSearch : public Search {
 public:
  explicit PathSearch(const PathSearchOptions& options) : options_(options) {}

  std::string Key() const override {
    const PathSearchOptions defaults;
    std::string key = options_.exhaustive ? "exhaustive"
                      : options_.beam > 1 ? fmt::format("beam={}", options_.beam)
                                          : "greedy";
    if (options_.max_run != defaults.max_run) key += fmt::format(",max_run={}", options_.max_run);
    if (options_.first != defaults.first) key += fmt::format(",first={}", options_.first);
    if (options_.last != defaults.last) key += fmt::format(",last={}", options_.last);
    if (options_.shared) key += ",scope=shared";
    if (options_.shared_samples) key += fmt::format(",samples={}", options_.shared_samples);
    return key;
  }
  bool shared() const override { return options_.shared; }
  int64_t shared_samples() const override { return options_.shared_samples; }

  void Check(const SearchTarget& target, int calls) const override {
    const int most = MostSkips(options_, calls);
    if (target.skips > most)
      Fail("{} skips were asked for; of {} calls{} at most {} can be skipped", target.skips, calls, Constraints(),
           most);
    if (most < 1) Fail("of {} calls{} none can be skipped", calls, Constraints());
    const int free = calls - options_.first - options_.last;
    if (options_.exhaustive && CountPaths(free, Limit(target, calls)) > kMostExhaustivePaths)
      Fail(
          "an exhaustive search over {} calls would try {:.3g} paths of each sample; at most {} are allowed: take "
          "fewer steps or skips, or a beam",
          free, CountPaths(free, Limit(target, calls)), static_cast<int64_t>(kMostExhaustivePaths));
  }

  SearchSize AtMost(const SearchTarget& target, int calls) const override {
    const int free = calls - options_.first - options_.last, limit = Limit(target, calls);
    SearchSize size;
    double ways = 1;  // paths with k skips: free choose k
    for (int k = 1; k <= limit; ++k) {
      ways *= static_cast<double>(free - k + 1) / k;
      // Each kept path is tried with every further skip.
      const double tried =
          options_.exhaustive ? ways : std::min<double>(ways, (k == 1 ? 1.0 : options_.beam) * (free - k + 1));
      size.paths += tried;
      size.naive_evaluations += tried * (calls - k);
    }
    return size;
  }

  std::vector<PathFamily> Run(TrajectoryEvaluator& evaluator, const SearchTarget& target) const override {
    Check(target, evaluator.calls());
    SharedEvaluator together(evaluator);
    TrajectoryEvaluator& asked = options_.shared ? static_cast<TrajectoryEvaluator&>(together) : evaluator;
    return options_.exhaustive ? TryAll(asked, target) : Grow(asked, target);
  }

 private:
  std::string Constraints() const {
    std::string text;
    if (options_.first > 1) text += fmt::format(", the first {} forced", options_.first);
    if (options_.last > 0) text += fmt::format(", the last {} forced", options_.last);
    if (options_.max_run > 0) text += fmt::format(", runs of skips at most {} long", options_.max_run);
    return text;
  }

  int Limit(const SearchTarget& target, int calls) const {
    return target.error_bound >= 0 ? MostSkips(options_, calls) : target.skips;
  }

  static double CountPaths(int free, int limit) {
    double paths = 0, ways = 1;
    for (int k = 0; k <= limit; ++k) {
      paths += ways;
      ways *= static_cast<double>(free - k) / (k + 1);
    }
    return paths;
  }

  bool RunsFit(const Mask& mask) const {
    if (options_.max_run == 0) return true;
    int run = 0;
    for (const uint8_t predict : mask) {
      run = predict ? 0 : run + 1;
      if (run > options_.max_run) return false;
    }
    return true;
  }

  static bool Reached(const PathFamily& family, const SearchTarget& target) {
    const int skips = static_cast<int>(family.paths.size()) - 1;
    return skips >= target.skips && (target.error_bound < 0 || family.paths.back().error > target.error_bound);
  }

  // `paths` with one more skip.
  std::vector<Mask> Candidates(const std::vector<SearchedPath>& paths) const {
    std::set<Mask, std::greater<>> candidates;
    for (const auto& path : paths)
      for (size_t call = options_.first; call + options_.last < path.mask.size(); ++call) {
        if (!path.mask[call]) continue;
        Mask mask = path.mask;
        mask[call] = 0;
        if (RunsFit(mask)) candidates.insert(std::move(mask));
      }
    return {candidates.begin(), candidates.end()};
  }

  // Greedy and beam. All samples go round by round together, so that their candidates fill the batches.
  std::vector<PathFamily> Grow(TrajectoryEvaluator& evaluator, const SearchTarget& target) const {
    const SearchedPath full{Mask(evaluator.calls(), 1), 0};
    std::vector<PathFamily> families(evaluator.samples(), {{full}, ""});
    std::vector<std::vector<SearchedPath>> beams(evaluator.samples(), {full});
    for (;;) {
      std::vector<PathQuery> queries;
      for (int s = 0; s < evaluator.samples(); ++s) {
        if (!families[s].ended.empty() || Reached(families[s], target)) continue;
        const auto candidates = Candidates(beams[s]);
        if (candidates.empty())
          families[s].ended = fmt::format("after {} skips no further call can be skipped{}",
                                          families[s].paths.size() - 1, Constraints());
        for (const auto& mask : candidates) queries.push_back({s, mask});
      }
      if (queries.empty()) return families;
      const std::vector<double> errors = evaluator.Errors(queries);
      for (size_t begin = 0, end; begin < queries.size(); begin = end) {
        const int s = queries[begin].sample;
        std::vector<SearchedPath> found;
        for (end = begin; end < queries.size() && queries[end].sample == s; ++end)
          found.push_back({queries[end].mask, errors[end]});
        std::sort(found.begin(), found.end(), Better);
        if (found.size() > static_cast<size_t>(options_.beam)) found.resize(options_.beam);
        Add(found[0], &families[s]);
        beams[s] = std::move(found);
      }
    }
  }

  static void Add(const SearchedPath& path, PathFamily* family) {
    if (std::isfinite(path.error))
      family->paths.push_back(path);
    else
      family->ended = fmt::format("every path with {} skips ends in a latent that is not finite", family->paths.size());
  }

  std::vector<PathFamily> TryAll(TrajectoryEvaluator& evaluator, const SearchTarget& target) const {
    const int calls = evaluator.calls(), free = calls - options_.first - options_.last, limit = Limit(target, calls);
    std::vector<PathQuery> queries;
    for (int s = 0; s < evaluator.samples(); ++s)
      for (uint64_t bits = 1; bits < uint64_t{1} << free; ++bits) {
        if (__builtin_popcountll(bits) > limit) continue;
        Mask mask(calls, 1);
        for (int k = 0; k < free; ++k) mask[options_.first + k] = !(bits >> k & 1);
        if (RunsFit(mask)) queries.push_back({s, std::move(mask)});
      }
    const std::vector<double> errors = evaluator.Errors(queries);
    std::vector<PathFamily> families(evaluator.samples());
    for (auto& family : families) {
      family.paths.assign(limit + 1, {{}, HUGE_VAL});
      family.paths[0] = {Mask(calls, 1), 0};
    }
    for (size_t i = 0; i < queries.size(); ++i) {
      SearchedPath& best = families[queries[i].sample].paths[CountSkips(queries[i].mask)];
      const SearchedPath path{queries[i].mask, errors[i]};
      if (best.mask.empty() || Better(path, best)) best = path;
    }
    // As if they had been found one by one: up to the target, and to the first that is not there.
    for (auto& family : families) {
      const std::vector<SearchedPath> all = std::move(family.paths);
      family.paths = {all[0]};
      for (size_t k = 1; k < all.size() && !Reached(family, target) && family.ended.empty(); ++k) Add(all[k], &family);
    }
    return families;
  }

  PathSearchOptions options_;
};

class GreedySearch : public SearchMethod {
 public:
  GreedySearch(const PathSearchOptions& options, SearchTarget target)
      : search_(MakePathSearch(options)), target_(target) {}

  std::string type() const override { return "greedy_search"; }
  std::string Label() const override {
    const std::string goal =
        ByBound() ? fmt::format("error_bound={}", target_.error_bound) : fmt::format("skips={}", target_.skips);
    const std::string key = search_->Key(), options = key.starts_with("greedy") ? key.substr(6) : "," + key;
    return fmt::format("greedy_search({}{})", goal, options);
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    try {
      search_->Check(target_, run.calls);
    } catch (const Error& e) {
      Fail("{}: {}", Label(), e.what());
    }
    return MakeUnboundPolicy(Label());
  }
  std::shared_ptr<const Method> Bind(PrecomputedPaths paths) const override {
    return MakePrecomputedPath(type(), Label(), std::move(paths));
  }

  const Search& search() const override { return *search_; }
  SearchTarget target() const override { return target_; }

  const SearchedPath& Choose(const PathFamily& family) const override {
    if (ByBound()) {
      const SearchedPath* best = &family.paths.at(0);
      for (const auto& path : family.paths) {
        if (path.error > target_.error_bound) break;
        best = &path;
      }
      return *best;
    }
    if (static_cast<int>(family.paths.size()) <= target_.skips)
      Fail("the search found paths with up to {} skips, {} were asked for: {}", family.paths.size() - 1, target_.skips,
           family.ended);
    return family.paths[target_.skips];
  }

 private:
  bool ByBound() const { return target_.error_bound >= 0; }

  std::shared_ptr<const Search> search_;
  SearchTarget target_;
};

struct Options {
  std::optional<int> skips;
  std::optional<double> error_bound;
  PathSearchOptions search;
};

}  // namespace

int MostSkips(const PathSearchOptions& options, int calls) {
  const int free = std::max(0, calls - options.first - options.last);
  if (options.max_run == 0) return free;
  return free - free / (options.max_run + 1);
}

const OptionTable<PathSearchOptions>& PathSearchTable() {
  using Options = PathSearchOptions;
  static const OptionTable<Options> table(
      "a search for paths",
      {Field("scope", &Options::shared)
           .Names<bool>({{"sample", false}, {"shared", true}})
           .Help("a path for each sample, or one for all"),
       Field("samples", &Options::shared_samples)
           .Min(0)
           .When([](const Options& o) { return o.shared; },
                 "only with the scope \"shared\": else every sample has its own search")
           .Help("scope shared: search on the first that many samples (0: on all)"),
       Field("beam", &Options::beam)
           .Min(1)
           .Max(10000)
           .When([](const Options& o) { return !o.exhaustive; }, "an exhaustive search has none")
           .Help("paths kept for each number of skips; 1 is greedy"),
       Field("exhaustive", &Options::exhaustive).Help("try every path; for short runs"),
       Field("max_run", &Options::max_run).Min(0).Max(10000).Help("longest run of skips; 0: no limit"),
       Field("first", &Options::first).Min(1).Max(10000).Help("calls at the start that always predict"),
       Field("last", &Options::last).Min(0).Max(10000).Help("calls at the end that always predict")});
  return table;
}

std::unique_ptr<Search> MakePathSearch(const PathSearchOptions& options) {
  PathSearchTable().Validate(options);
  return std::make_unique<PathSearch>(options);
}

MethodType GreedySearchType() {
  OptionTable<Options> table(
      "greedy_search",
      {Field("skips", &Options::skips).Min(1).Max(10000).Help("the path with that many skips"),
       Field("error_bound", &Options::error_bound)
           .Min(0)
           .Max(1e30)
           .Help("instead of skips: the longest path whose final latent is that near to the full one's (L2)")});
  table.Include(&Options::search, PathSearchTable());
  table.Rule([](const Options& o) {
    if (o.skips.has_value() == o.error_bound.has_value())
      FailOption("skips", "give either \"skips\" or \"error_bound\"");
  });
  return DeclareMethod(
      "the skip path with the least final-latent error, searched before the run", table, [](const Options& o) {
        return std::make_unique<GreedySearch>(
            o.search, SearchTarget{.skips = o.skips.value_or(0), .error_bound = o.error_bound.value_or(-1)});
      });
}

}  // namespace skipbench
