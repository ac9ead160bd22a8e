// Settings that decide at random, for what has to hold whatever a method decides.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "harness/sampling/trajectory_tree.h"

namespace skipbench::testing {

// Which of all that a method may do a random one does.
struct RandomOptions {
  int agree_until = 0;  // settings of one kind agree that long
  Scope scope = Scope::kSample;
  GuidanceScope halves = GuidanceScope::kJoint;
  bool combines = false;  // weighted sums of what the last three full forwards left
  bool probes = false;
};

inline CacheSite CutSite(int front) { return {.level = CacheSite::Level::kCut, .front = front}; }
inline constexpr int kRandomDepth = 3;
inline SumView RandomView(uint64_t seed) {
  return {.stride = seed % 3 == 0 ? 2 : 1,
          .rounding = seed % 4 == 1 ? SumView::Rounding::kDifference : SumView::Rounding::kNone};
}

// Decides at random, but the same for the same (seed, decisions before): settings with related seeds agree for a while.
class RandomPolicy : public Policy {
 public:
  RandomPolicy(uint64_t seed, const RandomOptions& options) : seed_(seed), options_(options) {}
  std::optional<ProbeSite> Probe(int call) const override {
    if (!options_.probes) return std::nullopt;
    using Signal = ProbeSite::Signal;
    switch (Roll(call, 77)() % 5) {
      case 0: return std::nullopt;
      case 1: return ProbeSite{.signal = Signal::kInput, .view = RandomView(seed_)};
      case 2: return ProbeSite{Signal::kFront, 2};
      default: return ProbeSite{.signal = Signal::kFront, .front = 1, .view = RandomView(seed_ / 2)};
    }
  }
  void ObserveProbe(int, const ProbeSums& seen) override {
    last_ = seen.self_abs;
    for (double sum : {static_cast<double>(seen.elements), seen.self_abs, seen.previous_change, seen.previous_abs,
                       seen.computed_change, seen.computed_abs, seen.previous_ratio, seen.computed_ratio})
      sums_.push_back(sum);
  }
  Decision Decide(int call) override {
    if (call == 0) return Predicts();
    // By what was seen, too: rows that decide for themselves part.
    std::mt19937_64 random = Roll(call, call > options_.agree_until && last_ > kMuch ? 3 : 0);
    const auto roll = random() % (options_.combines ? 5 : 4);
    if (roll == 0) {
      Decision decision = Shallow(CutSite(static_cast<int>(random() % 2)), Weights(&random));
      if (options_.combines && random() % 2) decision.sums = Sums(&random, false);
      return decision;
    }
    if (roll == 1) return {Action::kReuse};
    if (roll == 4) {
      Decision decision{Action::kCombine, {}, Weights(&random)};
      for (uint64_t k = random() % static_cast<uint64_t>(full_ + 2); k > 0; --k)
        decision.input_weights.push_back(static_cast<double>(random() % 5) / 4);
      if (random() % 2) decision.sums = Sums(&random, true);
      return decision;
    }
    return Predicts();
  }
  void Observe(int, const Observation& seen) override {
    for (double sum : {seen.latent.self_abs, seen.output.self_abs, seen.output.change, seen.output.rows_abs,
                       static_cast<double>(seen.output.changed_elements)})
      sums_.push_back(sum);
    for (double product : seen.products) sums_.push_back(product);
  }
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<RandomPolicy>(*this); }
  Trace TakeTrace() override { return {{"sums", sums_}}; }

 private:
  std::mt19937_64 Roll(int call, uint64_t salt) const {
    return std::mt19937_64((call < options_.agree_until ? call : seed_ * 1000 + call) + 1000000 * salt);
  }
  Decision Predicts() {
    full_ = std::min(full_ + 1, kRandomDepth);
    return {Action::kPredict};
  }
  // Two sums, the second of the first.
  std::vector<RoundedSum> Sums(std::mt19937_64* random, bool inputs) const {
    using From = RoundedSum::From;
    const auto oldest = [&] { return static_cast<int>((*random)() % static_cast<uint64_t>(full_)); };
    RoundedSum first{.terms = {{From::kKept, 0}, {From::kKept, oldest(), -0.7}}, .divisor = 3};
    if (inputs) first.terms.push_back({From::kInput, oldest(), 0.3});
    return {first, {.terms = {{From::kSum, 0, 1.3}, {From::kKept, 0}}, .bfloat16 = (*random)() % 2 == 0}};
  }
  // Quarters, so that products with them are exact.
  std::vector<double> Weights(std::mt19937_64* random) const {
    std::vector<double> weights;
    if (!options_.combines) return weights;
    for (uint64_t k = (*random)() % static_cast<uint64_t>(full_ + 1); k > 0; --k)
      weights.push_back(static_cast<double>((*random)() % 7) / 4 - 0.5);
    return weights;
  }

  uint64_t seed_;
  RandomOptions options_;
  static constexpr double kMuch = 40;  // about as much as the signals of a fake run add up to
  int full_ = 0;
  double last_ = 0;
  std::vector<double> sums_;
};

class RandomMethod : public Method {
 public:
  RandomMethod(uint64_t seed, int agree_until, Scope scope = Scope::kSample)
      : RandomMethod(seed, RandomOptions{.agree_until = agree_until, .scope = scope}) {}
  RandomMethod(uint64_t seed, const RandomOptions& options) : seed_(seed), options_(options) {}
  std::string type() const override { return "random"; }
  std::string Label() const override { return fmt::format("random({})", seed_); }
  Scope DecisionScope() const override { return options_.scope; }
  GuidanceScope Halves(const RunShape&) const override { return options_.halves; }
  Needs Observes() const override {
    Needs needs{.latent_order = 1};
    if (options_.probes) needs.output = {RandomView(seed_)}, needs.products = 2;
    return needs;
  }
  std::vector<Keep> Keeps(const RunShape&) const override {
    const int depth = options_.combines ? kRandomDepth : 1;
    std::vector<Keep> keeps = {{CutSite(0), depth}, {CutSite(1), depth}};
    if (options_.combines) keeps.push_back({{CacheSite::Level::kOutput}, kRandomDepth});
    return keeps;
  }
  std::unique_ptr<Policy> Start(const RunShape&) const override {
    return std::make_unique<RandomPolicy>(seed_, options_);
  }

 private:
  uint64_t seed_;
  RandomOptions options_;
};

// In every bit; NaN is NaN.
inline void ExpectSameTraces(const Trace& a, const Trace& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, values] : a) {
    ASSERT_EQ(values.size(), b.at(name).size());
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_TRUE(values[i] == b.at(name)[i] || (values[i] != values[i] && b.at(name)[i] != b.at(name)[i]))
          << name << " " << i << ": " << values[i] << " and " << b.at(name)[i];
  }
}

// A full prediction is needed for each distinct (sample, decisions up to and including a predicting call).
inline int64_t DistinctPredictions(const TreeResult& result) {
  std::set<std::pair<size_t, std::vector<Decision>>> distinct;
  for (const auto& setting : result.records)
    for (size_t s = 0; s < setting.size(); ++s) {
      std::vector<Decision> prefix;
      for (const auto& decision : setting[s].decisions) {
        prefix.push_back(decision);
        if (decision.action == Action::kPredict) distinct.insert({s, prefix});
      }
    }
  return static_cast<int64_t>(distinct.size());
}

}  // namespace skipbench::testing
