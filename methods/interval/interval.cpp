#include "methods/interval/interval.h"

#include "harness/base/error.h"
#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

using Options = IntervalOptions;

class Interval : public Method {
 public:
  explicit Interval(const Options& options) : options_(options) {}
  std::string type() const override { return "interval"; }
  std::string Label() const override {
    return fmt::format("interval(interval={},anchor={}{})", options_.interval,
                       options_.anchor == Options::Anchor::kEnd ? "end" : "start", LevelLabel(options_.level));
  }
  std::vector<Keep> Keeps(const RunShape& run) const override {
    if (options_.level.level == LevelOptions::Level::kOutput) return {};  // the last output is always there
    return {{SiteOf(options_.level, run.network)}};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    CheckLevel(options_.level, run.network, Label());
    const bool output = options_.level.level == LevelOptions::Level::kOutput;
    const Decision reuse = output ? Decision{Action::kReuse} : Shallow(SiteOf(options_.level, run.network));
    std::vector<Decision> decisions(run.calls);
    for (int call = 1; call < run.calls; ++call) {
      const int count = options_.anchor == Options::Anchor::kEnd ? run.calls - 1 - call : call;
      if (count % options_.interval != 0) decisions[call] = reuse;
    }
    return MakeReplayPolicy(std::move(decisions));
  }

 private:
  Options options_;
};

const OptionTable<Options>& Table() {
  using Anchor = Options::Anchor;
  static const OptionTable<Options> table =
      OptionTable<Options>("interval",
                           {Field("interval", &Options::interval).Min(1).Max(1000).Help("a full forward every N calls"),
                            Field("anchor", &Options::anchor)
                                .Names<Anchor>({{"end", Anchor::kEnd}, {"start", Anchor::kStart}})
                                .Help("count the calls from the last one (FORA's way), or from the first")})
          .Include(&Options::level, LevelTable());
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeInterval(const IntervalOptions& options) {
  Table().Validate(options);
  return std::make_unique<Interval>(options);
}

MethodType IntervalType() {
  return DeclareMethod("full forwards at fixed intervals, their results again between them: FORA (2024)", Table(),
                       MakeInterval);
}

}  // namespace skipbench
