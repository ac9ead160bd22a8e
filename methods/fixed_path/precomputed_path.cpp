#include "methods/fixed_path/precomputed_path.h"

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace skipbench {
namespace {

class UnboundPolicy : public Policy {
 public:
  explicit UnboundPolicy(std::string label) : label_(std::move(label)) {}
  Decision Decide(int) override {
    Fail("{}: its path was not found yet; it runs only as part of an experiment", label_);
  }
  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<UnboundPolicy>(*this); }

 private:
  std::string label_;
};

class ReplayPolicy : public Policy {
 public:
  explicit ReplayPolicy(std::vector<Decision> decisions) : decisions_(std::move(decisions)) {}
  Decision Decide(int call) override { return decisions_.at(call); }
  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<ReplayPolicy>(*this); }

 private:
  std::vector<Decision> decisions_;
};

class PrecomputedPath : public Method {
 public:
  PrecomputedPath(std::string type, std::string label, PrecomputedPaths paths)
      : type_(std::move(type)), label_(std::move(label)), paths_(std::move(paths)) {}
  std::string type() const override { return type_; }
  std::string Label() const override { return label_; }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    if (paths_.shared) return MakeReplayPolicy(Checked(*paths_.shared, run));
    for (const auto& [sample, mask] : paths_.by_sample) Checked(mask, run);
    return MakeUnboundPolicy(label_);
  }

  std::unique_ptr<Policy> StartFor(const RunShape& run, int64_t sample_id) const override {
    if (paths_.shared) return Start(run);
    if (const auto found = paths_.by_sample.find(sample_id); found != paths_.by_sample.end())
      return MakeReplayPolicy(Checked(found->second, run));
    const auto why = paths_.missing.find(sample_id);
    Fail("{}: no path for sample {}: {}", label_, sample_id,
         why == paths_.missing.end() ? paths_.otherwise : why->second);
  }

 private:
  const Mask& Checked(const Mask& mask, const RunShape& run) const {
    if (static_cast<int>(mask.size()) != run.calls)
      Fail("{}: the path has {} entries, the run makes {} scheduler calls ({} steps)", label_, mask.size(), run.calls,
           run.steps);
    if (!mask[0]) Fail("{}: the path {} skips call 0, which must predict", label_, ToString(mask));
    return mask;
  }

  std::string type_, label_;
  PrecomputedPaths paths_;
};

}  // namespace

Mask RandomMask(int calls, int skips, uint64_t seed, int first, int last) {
  const int free = calls - first - last;
  if (skips < 0 || skips > free)
    Fail("{} random skips were asked for; of {} calls at most {} can be skipped", skips, calls, std::max(free, 0));
  // Selection sampling (Knuth, TAOCP 2, algorithm 3.4.2S): each call in turn with the chance that leaves all sets
  // equally likely.
  std::mt19937_64 random(seed);
  Mask mask(calls, 1);
  for (int k = 0, open = skips; k < free && open > 0; ++k) {
    if (UniformBelow(random, static_cast<uint64_t>(free - k)) >= static_cast<uint64_t>(open)) continue;
    mask[first + k] = 0;
    --open;
  }
  return mask;
}

std::string WhyNoMask(const Json& mask, const char* one, const char* zero) {
  for (const Json& entry : mask)
    if (entry != 0 && entry != 1)
      return fmt::format("entries are 1 ({}) or 0 ({}), found {}", one, zero, entry.get<int64_t>());
  return mask.empty() || mask[0] != 1 ? fmt::format("the first call must {} (entry 0 must be 1)", one) : "";
}

std::unique_ptr<Method> MakePrecomputedPath(std::string type, std::string label, PrecomputedPaths paths) {
  return std::make_unique<PrecomputedPath>(std::move(type), std::move(label), std::move(paths));
}

std::unique_ptr<Policy> MakeReplayPolicy(std::vector<Decision> decisions) {
  return std::make_unique<ReplayPolicy>(std::move(decisions));
}

std::unique_ptr<Policy> MakeReplayPolicy(const Mask& mask) {
  std::vector<Decision> decisions;
  for (const uint8_t predict : mask) decisions.push_back({predict ? Action::kPredict : Action::kReuse});
  return MakeReplayPolicy(std::move(decisions));
}

std::unique_ptr<Policy> MakeUnboundPolicy(std::string label) {
  return std::make_unique<UnboundPolicy>(std::move(label));
}

}  // namespace skipbench
