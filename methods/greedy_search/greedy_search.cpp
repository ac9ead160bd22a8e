#include "methods/greedy_search/greedy_search.h"

#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

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
