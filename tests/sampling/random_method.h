// Settings that decide at random, for what has to hold whatever a method decides.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "harness/sampling/trajectory_tree.h"

namespace skipbench::testing {

// Decides at random, but the same for the same (seed, decisions before): settings with related seeds agree for a while.
class RandomPolicy : public Policy {
 public:
  RandomPolicy(uint64_t seed, int agree_until) : seed_(seed), agree_until_(agree_until) {}
  Decision Decide(int call) override {
    if (call == 0) return {Action::kPredict};
    std::mt19937_64 random(call < agree_until_ ? call : seed_ * 1000 + call);
    const auto roll = random() % 4;
    if (roll == 0) return {Action::kShallow, static_cast<int>(random() % 2)};
    return {roll == 1 ? Action::kReuse : Action::kPredict};
  }
  void Observe(int call, const Observation& seen) override {
    // The sums must be those of this trajectory: they are checked against its latents by the tree's own record.
    sums_.push_back(seen.latent.self_abs);
    EXPECT_EQ(static_cast<int>(sums_.size()), call + 1);
  }
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<RandomPolicy>(*this); }
  Trace TakeTrace() override { return {{"self_abs", sums_}}; }

 private:
  uint64_t seed_;
  int agree_until_;
  std::vector<double> sums_;
};

class RandomMethod : public Method {
 public:
  RandomMethod(uint64_t seed, int agree_until, Scope scope = Scope::kSample)
      : seed_(seed), agree_until_(agree_until), scope_(scope) {}
  std::string type() const override { return "random"; }
  std::string Label() const override { return fmt::format("random({})", seed_); }
  Scope DecisionScope() const override { return scope_; }
  Needs Observes() const override { return {.latent_order = 1}; }
  std::vector<int> CachePositions(const RunShape&) const override { return {0, 1}; }
  std::unique_ptr<Policy> Start(const RunShape&) const override {
    return std::make_unique<RandomPolicy>(seed_, agree_until_);
  }

 private:
  uint64_t seed_;
  int agree_until_;
  Scope scope_;
};

// A full prediction is needed for each distinct (sample, decisions up to and including a predicting call).
inline int64_t DistinctPredictions(const TreeResult& result) {
  std::set<std::pair<size_t, std::vector<int>>> distinct;
  for (const auto& setting : result.records)
    for (size_t s = 0; s < setting.size(); ++s) {
      std::vector<int> prefix;
      for (const auto& decision : setting[s].decisions) {
        prefix.push_back(static_cast<int>(decision.action) * 10 + decision.cache_position);
        if (decision.action == Action::kPredict) distinct.insert({s, prefix});
      }
    }
  return static_cast<int64_t>(distinct.size());
}

}  // namespace skipbench::testing
