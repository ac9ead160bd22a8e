#include "methods/fixed_path/precomputed_path.h"

#include "harness/base/error.h"

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

class MaskPolicy : public Policy {
 public:
  explicit MaskPolicy(Mask mask) : mask_(std::move(mask)) {}
  Decision Decide(int call) override { return {mask_.at(call) ? Action::kPredict : Action::kReuse}; }
  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<MaskPolicy>(*this); }

 private:
  Mask mask_;
};

class PrecomputedPath : public Method {
 public:
  PrecomputedPath(std::string type, std::string label, PrecomputedPaths paths)
      : type_(std::move(type)), label_(std::move(label)), paths_(std::move(paths)) {}
  std::string type() const override { return type_; }
  std::string Label() const override { return label_; }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    if (paths_.shared) return std::make_unique<MaskPolicy>(Checked(*paths_.shared, run));
    for (const auto& [sample, mask] : paths_.by_sample) Checked(mask, run);
    return MakeUnboundPolicy(label_);
  }

  std::unique_ptr<Policy> StartFor(const RunShape& run, int64_t sample_id) const override {
    if (paths_.shared) return Start(run);
    if (const auto found = paths_.by_sample.find(sample_id); found != paths_.by_sample.end())
      return std::make_unique<MaskPolicy>(Checked(found->second, run));
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

std::unique_ptr<Method> MakePrecomputedPath(std::string type, std::string label, PrecomputedPaths paths) {
  return std::make_unique<PrecomputedPath>(std::move(type), std::move(label), std::move(paths));
}

std::unique_ptr<Policy> MakeMaskPolicy(Mask mask) { return std::make_unique<MaskPolicy>(std::move(mask)); }

std::unique_ptr<Policy> MakeUnboundPolicy(std::string label) {
  return std::make_unique<UnboundPolicy>(std::move(label));
}

}  // namespace skipbench
