#include "methods/fixed_path/fixed_path.h"

#include <algorithm>
#include <functional>

#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

// The same path for every sample, by the number of calls.
class MadePath : public Method {
 public:
  MadePath(std::string label, std::function<Mask(int calls)> make) : label_(std::move(label)), make_(std::move(make)) {}
  std::string type() const override { return "fixed_path"; }
  std::string Label() const override { return label_; }
  std::unique_ptr<Policy> Start(const RunShape& run) const override { return MakeReplayPolicy(make_(run.calls)); }

 private:
  std::string label_;
  std::function<Mask(int calls)> make_;
};

std::unique_ptr<Method> MakeUniform(int interval) {
  return std::make_unique<MadePath>(fmt::format("fixed_path(interval={})", interval), [=](int calls) {
    Mask mask(calls);
    for (int call = 0; call < calls; ++call) mask[call] = call % interval == 0;
    return mask;
  });
}

std::unique_ptr<Method> MakeRandom(int skips, uint64_t seed) {
  const std::string label = fmt::format("fixed_path(random={},seed={})", skips, seed);
  return std::make_unique<MadePath>(label, [=](int calls) {
    if (skips > calls - 1) Fail("{}: of {} calls at most {} can be skipped", label, calls, calls - 1);
    return RandomMask(calls, skips, seed);
  });
}

class RecordedPath : public RecordedPathMethod {
 public:
  RecordedPath(Source source, std::string label) : source_(std::move(source)), label_(std::move(label)) {}
  std::string type() const override { return "fixed_path"; }
  std::string Label() const override { return label_; }
  std::unique_ptr<Policy> Start(const RunShape&) const override { return MakeUnboundPolicy(label_); }
  std::shared_ptr<const Method> Bind(PrecomputedPaths paths) const override {
    return MakePrecomputedPath(type(), label_, std::move(paths));
  }
  const Source& source() const override { return source_; }

 private:
  Source source_;
  std::string label_;
};

struct Options {
  std::optional<std::vector<int64_t>> mask;
  std::optional<int> interval, random;
  uint64_t seed = 0;
  std::optional<std::string> from;
  std::string setting;
  std::optional<int> skips;
  std::optional<int64_t> sample;
  std::string name;
};

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table = [] {
    const auto from_result = [](const Options& o) { return o.from.has_value(); };
    OptionTable<Options> options(
        "fixed_path",
        {Field("mask", &Options::mask)
             .Check([](const Json& mask) { return WhyNoMask(mask, "predict", "reuse"); })
             .Allowed("list of 0 and 1, one a scheduler call")
             .Help("1: predict, 0: use the last output again"),
         Field("interval", &Options::interval)
             .Min(1)
             .Max(1000)
             .Help("predict at calls 0, N, 2N, ... (instead of a mask)"),
         Field("random", &Options::random)
             .Min(1)
             .Max(10000)
             .Help("that many skips at random places, the same for all samples"),
         Field("seed", &Options::seed)
             .When([](const Options& o) { return o.random.has_value(); }, "only a path at \"random\" has a seed")
             .Help("of a random path"),
         Field("from", &Options::from)
             .Allowed("results folder or file")
             .Help("the paths that another result holds, by sample"),
         Field("setting", &Options::setting)
             .When(from_result, "goes with paths \"from\" another result")
             .Allowed("label")
             .Default("the only one that is no reference")
             .Help("whose paths they are in that result"),
         Field("skips", &Options::skips)
             .Min(0)
             .Max(10000)
             .When(from_result, "goes with paths \"from\" another result")
             .Default("the path that ran")
             .Help("with that many skips, out of what a greedy_search found there"),
         Field("sample", &Options::sample)
             .When(from_result, "goes with paths \"from\" another result")
             .Default("each sample its own")
             .Help("use this sample's path for all"),
         Field("name", &Options::name)
             .When([](const Options& o) { return o.mask || o.from; },
                   "goes with a \"mask\" or paths \"from\" another result")
             .Default("made of the options")
             .Help("label of a given mask, or of paths from a result")});
    options.Rule([](const Options& o) {
      if (o.mask.has_value() + o.interval.has_value() + o.random.has_value() + o.from.has_value() != 1)
        FailOption("mask", "give one of \"mask\", \"interval\", \"random\" and \"from\"");
    });
    return options;
  }();
  return table;
}

std::unique_ptr<Method> MakeRecorded(const Options& options, const std::filesystem::path& folder) {
  RecordedPathMethod::Source source{.result = (folder / *options.from).lexically_normal(),
                                    .setting = options.setting,
                                    .skips = options.skips,
                                    .sample = options.sample};
  std::string label = "fixed_path(from=" + *options.from;
  if (!source.setting.empty()) label += "," + source.setting;
  if (source.skips) label += fmt::format(",skips={}", *source.skips);
  if (source.sample) label += fmt::format(",sample={}", *source.sample);
  return std::make_unique<RecordedPath>(std::move(source), options.name.empty() ? label + ")" : options.name);
}

std::unique_ptr<Method> Make(const Options& options, const std::filesystem::path& folder) {
  if (options.interval) return MakeUniform(*options.interval);
  if (options.random) return MakeRandom(*options.random, options.seed);
  if (options.from) return MakeRecorded(options, folder);
  const auto count = std::count(options.mask->begin(), options.mask->end(), 1);
  const std::string label =
      options.name.empty() ? fmt::format("fixed_path({} of {})", count, options.mask->size()) : options.name;
  return MakeFixedPath({options.mask->begin(), options.mask->end()}, label);
}

}  // namespace

std::unique_ptr<Method> MakeFixedPath(Mask predict, std::string label) {
  return MakePrecomputedPath("fixed_path", std::move(label), {.shared = std::move(predict)});
}

MethodType FixedPathType() {
  return DeclareMethod("a path decided beforehand: uniform, a given mask, random, or out of another result", Table(),
                       Make);
}

}  // namespace skipbench
