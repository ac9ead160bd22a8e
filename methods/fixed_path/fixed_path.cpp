#include "methods/fixed_path/fixed_path.h"

#include <algorithm>

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

std::unique_ptr<Method> Make(const JsonReader& options) {
  if (options.Has("interval") == options.Has("mask")) options.FailAt("mask", "give either \"mask\" or \"interval\"");
  if (options.Has("interval")) return std::make_unique<UniformPath>(static_cast<int>(options.Int("interval", 1, 1000)));
  std::vector<bool> predict;
  for (int64_t entry : options.Ints("mask")) {
    if (entry != 0 && entry != 1) options.FailAt("mask", fmt::format("entries are 1 (predict) or 0 (reuse), found {}", entry));
    predict.push_back(entry == 1);
  }
  if (predict.empty() || !predict[0]) options.FailAt("mask", "the first call must predict (entry 0 must be 1)");
  const auto count = std::count(predict.begin(), predict.end(), true);
  return MakeFixedPath(predict, options.StringOr("name", fmt::format("fixed_path({} of {})", count, predict.size())));
}

}  // namespace

std::unique_ptr<Method> MakeFixedPath(std::vector<bool> predict, std::string label) {
  return std::make_unique<FixedPath>(std::move(predict), std::move(label));
}

MethodType FixedPathType() {
  MethodOption mask{"mask", "list of 0 and 1, one a scheduler call", "", "1: predict, 0: use the last output again"};
  mask.list = true;
  return {"fixed_path",
          "a path decided beforehand: uniform, or a given mask",
          {mask,
           {"interval", "integer >= 1", "", "predict at calls 0, N, 2N, ... (instead of a mask)"},
           {"name", "string", "fixed_path(n of calls)", "label of a given mask"}},
          Make};
}

}  // namespace skipbench
