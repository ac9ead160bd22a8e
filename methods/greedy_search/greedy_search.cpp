#include "methods/greedy_search/greedy_search.h"

#include "methods/fixed_path/supplied_path.h"

namespace skipbench {
namespace {

class GreedySearch : public SearchMethod {
 public:
  GreedySearch(const PathSearchOptions& options, SearchTarget target) : search_(MakePathSearch(options)), target_(target) {}

  std::string type() const override { return "greedy_search"; }
  std::string Label() const override {
    const std::string goal = ByBound() ? fmt::format("error_bound={}", target_.error_bound) : fmt::format("skips={}", target_.skips);
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
  std::shared_ptr<const Method> Bind(SuppliedPaths paths) const override { return MakeSuppliedPath(type(), Label(), std::move(paths)); }

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
      Fail("the search found paths with up to {} skips, {} were asked for: {}", family.paths.size() - 1, target_.skips, family.ended);
    return family.paths[target_.skips];
  }

 private:
  bool ByBound() const { return target_.error_bound >= 0; }

  std::shared_ptr<const Search> search_;
  SearchTarget target_;
};

std::unique_ptr<Method> Make(const JsonReader& json) {
  SearchTarget target;
  if (json.Has("skips") == json.Has("error_bound")) json.FailAt("skips", "give either \"skips\" or \"error_bound\"");
  if (json.Has("skips")) target.skips = static_cast<int>(json.Int("skips", 1, 10000));
  if (json.Has("error_bound")) target.error_bound = json.Double("error_bound", 0, 1e30);
  return std::make_unique<GreedySearch>(ReadPathSearchOptions(json), target);
}

}  // namespace

PathSearchOptions ReadPathSearchOptions(const JsonReader& json) {
  PathSearchOptions options;
  options.beam = static_cast<int>(json.IntOr("beam", options.beam, 1, 10000));
  options.exhaustive = json.BoolOr("exhaustive", false);
  if (options.exhaustive && json.Has("beam")) json.FailAt("beam", "an exhaustive search has none");
  options.max_run = static_cast<int>(json.IntOr("max_run", options.max_run, 0, 10000));
  options.first = static_cast<int>(json.IntOr("first", options.first, 1, 10000));
  options.last = static_cast<int>(json.IntOr("last", options.last, 0, 10000));
  options.shared = json.OneOf("scope", "sample", {"sample", "shared"}) == "shared";
  options.shared_samples = json.IntOr("samples", 0, 0);
  if (json.Has("samples") && !options.shared) json.FailAt("samples", "only with the scope \"shared\": else every sample has its own search");
  return options;
}

MethodType GreedySearchType() {
  return {"greedy_search",
          "the skip path with the least final-latent error, searched before the run",
          {{"skips", "integer >= 1", "", "the path with that many skips"},
           {"error_bound", "number >= 0", "", "instead of skips: the longest path whose final latent is that near to the full one's (L2)"},
           {"scope", "sample | shared", "sample", "a path for each sample, or one for all"},
           {"samples", "integer >= 0", "0", "scope shared: search on the first that many samples (0: on all)"},
           {"beam", "integer >= 1", "1", "paths kept for each number of skips; 1 is greedy"},
           {"exhaustive", "true | false", "false", "try every path; for short runs"},
           {"max_run", "integer >= 0", "0", "longest run of skips; 0: no limit"},
           {"first", "integer >= 1", "1", "calls at the start that always predict"},
           {"last", "integer >= 0", "0", "calls at the end that always predict"}},
          Make};
}

}  // namespace skipbench
