#include "methods/fixed_path/fixed_path.h"

#include <algorithm>

#include "methods/fixed_path/random_path.h"
#include "methods/fixed_path/supplied_path.h"

namespace skipbench {
namespace {

class FixedPathPolicy : public Policy {
 public:
  explicit FixedPathPolicy(std::vector<bool> predict) : predict_(std::move(predict)) {}
  Decision Decide(int call) override { return {predict_.at(call) ? Action::kPredict : Action::kReuse}; }
  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<FixedPathPolicy>(*this); }

 private:
  std::vector<bool> predict_;
};

class FixedPath : public Method {
 public:
  FixedPath(std::vector<bool> predict, std::string label) : predict_(std::move(predict)), label_(std::move(label)) {}
  std::string type() const override { return "fixed_path"; }
  std::string Label() const override { return label_; }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    if (static_cast<int>(predict_.size()) != run.calls)
      Fail("{}: the mask has {} entries, the run makes {} scheduler calls ({} steps)", label_, predict_.size(), run.calls, run.steps);
    return std::make_unique<FixedPathPolicy>(predict_);
  }

 private:
  std::vector<bool> predict_;
  std::string label_;
};

// Predicts at calls 0, N, 2N, ...
class UniformPath : public Method {
 public:
  explicit UniformPath(int interval) : interval_(interval) {}
  std::string type() const override { return "fixed_path"; }
  std::string Label() const override { return fmt::format("fixed_path(interval={})", interval_); }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    std::vector<bool> predict(run.calls);
    for (int call = 0; call < run.calls; ++call) predict[call] = call % interval_ == 0;
    return std::make_unique<FixedPathPolicy>(std::move(predict));
  }

 private:
  int interval_;
};

// The same path for every sample, drawn anew for each seed.
class RandomPath : public Method {
 public:
  RandomPath(int skips, uint64_t seed) : skips_(skips), seed_(seed) {}
  std::string type() const override { return "fixed_path"; }
  std::string Label() const override { return fmt::format("fixed_path(random={},seed={})", skips_, seed_); }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    if (skips_ > run.calls - 1) Fail("{}: of {} calls at most {} can be skipped", Label(), run.calls, run.calls - 1);
    const Mask mask = RandomMask(run.calls, skips_, seed_);
    return std::make_unique<FixedPathPolicy>(std::vector<bool>(mask.begin(), mask.end()));
  }

 private:
  int skips_;
  uint64_t seed_;
};

class RecordedPath : public RecordedPathMethod {
 public:
  RecordedPath(Source source, std::string label) : source_(std::move(source)), label_(std::move(label)) {}
  std::string type() const override { return "fixed_path"; }
  std::string Label() const override { return label_; }
  std::unique_ptr<Policy> Start(const RunShape&) const override { return MakeUnboundPolicy(label_); }
  std::shared_ptr<const Method> Bind(SuppliedPaths paths) const override { return MakeSuppliedPath(type(), label_, std::move(paths)); }
  const Source& source() const override { return source_; }

 private:
  Source source_;
  std::string label_;
};

std::unique_ptr<Method> MakeRecorded(const JsonReader& options) {
  RecordedPathMethod::Source source;
  const std::string given = options.String("from");
  // Like every path of a config, relative to its file.
  source.result = (std::filesystem::path(options.file()).parent_path() / given).lexically_normal();
  source.setting = options.StringOr("setting", "");
  if (options.Has("skips")) source.skips = static_cast<int>(options.Int("skips", 0, 10000));
  if (options.Has("sample")) source.sample = options.Int("sample");
  std::string label = "fixed_path(from=" + given;
  if (!source.setting.empty()) label += "," + source.setting;
  if (source.skips) label += fmt::format(",skips={}", *source.skips);
  if (source.sample) label += fmt::format(",sample={}", *source.sample);
  return std::make_unique<RecordedPath>(std::move(source), options.StringOr("name", label + ")"));
}

std::unique_ptr<Method> MakeMasked(const JsonReader& options) {
  std::vector<bool> predict;
  for (int64_t entry : options.Ints("mask")) {
    if (entry != 0 && entry != 1) options.FailAt("mask", fmt::format("entries are 1 (predict) or 0 (reuse), found {}", entry));
    predict.push_back(entry == 1);
  }
  if (predict.empty() || !predict[0]) options.FailAt("mask", "the first call must predict (entry 0 must be 1)");
  const auto count = std::count(predict.begin(), predict.end(), true);
  return MakeFixedPath(predict, options.StringOr("name", fmt::format("fixed_path({} of {})", count, predict.size())));
}

std::unique_ptr<Method> Make(const JsonReader& options) {
  int forms = 0;
  for (const char* form : {"mask", "interval", "random", "from"}) forms += options.Has(form);
  if (forms != 1) options.FailAt("mask", "give one of \"mask\", \"interval\", \"random\" and \"from\"");
  if (options.Has("interval")) return std::make_unique<UniformPath>(static_cast<int>(options.Int("interval", 1, 1000)));
  if (options.Has("random"))
    return std::make_unique<RandomPath>(static_cast<int>(options.Int("random", 1, 10000)), static_cast<uint64_t>(options.IntOr("seed", 0, 0)));
  return options.Has("from") ? MakeRecorded(options) : MakeMasked(options);
}

}  // namespace

std::unique_ptr<Method> MakeFixedPath(std::vector<bool> predict, std::string label) {
  return std::make_unique<FixedPath>(std::move(predict), std::move(label));
}

MethodType FixedPathType() {
  MethodOption mask{"mask", "list of 0 and 1, one a scheduler call", "", "1: predict, 0: use the last output again"};
  mask.list = true;
  return {"fixed_path",
          "a path decided beforehand: uniform, a given mask, random, or out of another result",
          {mask,
           {"interval", "integer >= 1", "", "predict at calls 0, N, 2N, ... (instead of a mask)"},
           {"random", "integer >= 1", "", "that many skips at random places, the same for all samples"},
           {"seed", "integer >= 0", "0", "of a random path"},
           {"from", "results folder or file", "", "the paths that another result holds, by sample"},
           {"setting", "label", "the only one that is no reference", "whose paths they are in that result"},
           {"skips", "integer >= 0", "the path that ran", "with that many skips, out of what a greedy_search found there"},
           {"sample", "sample id", "each sample its own", "use this sample's path for all"},
           {"name", "string", "made of the options", "label of a given mask, or of paths from a result"}},
          Make};
}

}  // namespace skipbench
