#include "harness/analysis/decide/decider.h"

#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "harness/base/random.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A run of a full_step, two fewer_steps and some settings between them, with psnr and costs from a function.
struct Case {
  RunHeader header;
  std::function<double(size_t setting, SplitMix&)> psnr;
  std::vector<double> cost;

  // Samples [first, end): each sample's numbers depend on its place alone.
  DecidingSamples Samples(int64_t first, int64_t end) const {
    DecidingSamples samples;
    for (const char* name : {"psnr", "macs_matmuls"}) samples.columns[name].resize(header.settings.size());
    for (int64_t i = first; i < end; ++i) {
      samples.ordinals.push_back(i);
      SplitMix random(static_cast<uint64_t>(i) * 31 + 7);
      for (size_t k = 0; k < header.settings.size(); ++k) {
        samples.columns["psnr"][k].push_back(psnr(k, random));
        samples.columns["macs_matmuls"][k].push_back(cost[k]);
      }
    }
    return samples;
  }
};

double Normal(SplitMix& random) {
  return boost::math::quantile(boost::math::normal(),
                               (static_cast<double>(random.Next() >> 11) + 0.5) / 9007199254740992.0);
}

Case MakeCase(const std::vector<std::pair<double, double>>& cost_and_psnr, int64_t samples = 100) {
  Case one;
  one.header.sample_count = samples;
  one.header.metrics = {
      {.name = "psnr", .title = "PSNR", .unit = "dB", .better = Direction::kHigher, .ceiling = 100.0}};
  std::vector<double> means;
  const auto add = [&](const std::string& label, const std::string& type, double cost, double mean) {
    SettingInfo info;
    info.label = label;
    info.type = type;
    info.reference = type == "full_step";
    info.compared_with = 0;
    one.header.settings.push_back(info);
    one.cost.push_back(cost);
    means.push_back(mean);
  };
  add("full_step", "full_step", 50, kInfinity);
  add("fewer_steps(steps=20)", "fewer_steps", 20, 40);
  add("fewer_steps(steps=40)", "fewer_steps", 40, 50);
  for (const auto& [cost, mean] : cost_and_psnr) add(fmt::format("m{}", means.size() - 3), "method", cost, mean);
  one.psnr = [means](size_t k, SplitMix& random) { return means[k] + 3 * Normal(random); };
  return one;
}

DecideOptions Asking(const char* question, int64_t look = 10) { return Resolved({.question = question, .look = look}); }

std::vector<std::string> WordsOf(const Decider& decider) {
  std::vector<std::string> words;
  for (const auto& one : decider.decisions()) words.push_back(one.words);
  return words;
}

TEST(Decider, FewerStepsAtItsCost) {
  // At a cost of 30 fewer steps have 45 dB.
  const Case one = MakeCase({{30, 50}, {30, 40}, {30, 45.2}, {45, 50}});
  Decider decider(one.header, Asking("fewer_steps"));
  decider.Add(one.Samples(0, 100));
  const auto& answers = decider.decisions();
  EXPECT_EQ(answers[3].answer, Answer::kYes) << answers[3].words;
  EXPECT_NEAR(answers[3].difference.mean, 5, 3);
  EXPECT_GT(answers[3].difference.low, 0);
  EXPECT_EQ(answers[4].answer, Answer::kNo);
  EXPECT_EQ(answers[5].answer, Answer::kUndecided);
  EXPECT_EQ(answers[6].answer, Answer::kNotAsked) << answers[6].words;
  EXPECT_EQ(answers[0].words, "the full run");
  EXPECT_EQ(answers[3].words, fmt::format("beats fewer steps at its cost after {} samples", answers[3].samples));
  EXPECT_EQ(decider.until()[3], answers[3].samples);  // no more evaluations for it
  EXPECT_LT(decider.until()[3], 60);
  EXPECT_TRUE(decider.finished());
}

TEST(Decider, AMarginMovesTheQuestion) {
  const Case one = MakeCase({{30, 47}});
  DecideOptions options = Asking("fewer_steps");
  options.margin = 5;
  Decider decider(one.header, options);
  decider.Add(one.Samples(0, 100));
  EXPECT_EQ(decider.decisions()[3].answer, Answer::kNo);
  EXPECT_NE(decider.decisions()[3].words.find("by more than 5"), std::string::npos);
}

TEST(Decider, TheFront) {
  // m0 is dominated by m1 (cheaper and better); m2 costs more than both and is best; fewer steps 40 is dominated by m2.
  const Case one = MakeCase({{30, 44}, {28, 49}, {35, 56}});
  Decider decider(one.header, Asking("pareto"));
  decider.Add(one.Samples(0, 100));
  const auto& answers = decider.decisions();
  EXPECT_EQ(answers[1].answer, Answer::kYes);
  EXPECT_EQ(answers[2].answer, Answer::kNo);
  EXPECT_EQ(answers[2].rival, 5);
  EXPECT_EQ(answers[3].answer, Answer::kNo);
  EXPECT_EQ(answers[3].rival, 4);
  EXPECT_EQ(answers[3].words, fmt::format("dominated by m1 after {} samples", answers[3].samples));
  EXPECT_LT(answers[3].difference.high, 0);
  EXPECT_EQ(answers[4].answer, Answer::kYes);
  EXPECT_EQ(answers[5].answer, Answer::kYes);
  EXPECT_LT(decider.end(), 100);  // the question was answered
  EXPECT_TRUE(decider.finished());
}

// Whatever comes in whatever pieces and order: the answers follow from the samples in their order.
TEST(Decider, PiecesAndSurplusMakeNoDifference) {
  const Case one = MakeCase({{30, 49}, {30, 44}, {28, 49}, {35, 45.5}, {35, 53}}, 200);
  for (const char* question : {"pareto", "fewer_steps"}) {
    Decider whole(one.header, Asking(question));
    whole.Add(one.Samples(0, 200));
    Decider waves(one.header, Asking(question));
    for (int64_t first = 0; first < 200 && !waves.finished(); first += 10) {
      DecidingSamples wave = one.Samples(first, first + 10);
      for (auto& [name, settings] : wave.columns)  // what was dropped is not there
        for (size_t k = 0; k < settings.size(); ++k)
          if (!waves.Needed(k, first)) settings[k].assign(10, kNaN);
      waves.Add(wave);
    }
    Decider shards(one.header, Asking(question));  // from the last one to the first, in odd pieces
    for (int64_t end = 200; end > 0; end -= 40) {
      shards.Add(one.Samples(end - 17, end));
      shards.Add(one.Samples(end - 40, end - 17));
      EXPECT_EQ(shards.finished(), end == 40) << question;
    }
    EXPECT_EQ(WordsOf(whole), WordsOf(waves)) << question;
    EXPECT_EQ(WordsOf(whole), WordsOf(shards)) << question;
    EXPECT_EQ(whole.until(), waves.until());
    EXPECT_EQ(whole.until(), shards.until());
  }
}

TEST(Decider, NothingIsAnsweredDuringTheBurnIn) {
  const Case one = MakeCase({{30, 80}});
  DecideOptions options = Asking("fewer_steps", 2);
  options.burn_in = 30;
  Decider decider(one.header, options);
  decider.Add(one.Samples(0, 28));
  EXPECT_EQ(decider.decisions()[3].answer, Answer::kOpen);
  decider.Add(one.Samples(28, 30));
  EXPECT_EQ(decider.decisions()[3].answer, Answer::kYes);
}

TEST(Decider, GivingUpSaysSo) {
  const Case one = MakeCase({{30, 45}}, 1000);
  Decider decider(one.header, Asking("fewer_steps"));
  decider.Add(one.Samples(0, 1000));
  const SettingDecision& decision = decider.decisions()[3];
  EXPECT_EQ(decision.answer, Answer::kUndecided);
  EXPECT_LT(decision.samples, 1000);
  EXPECT_NE(decision.words.find("an answer by 1000 has less than 20 % chance"), std::string::npos) << decision.words;
  DecideOptions never = Asking("fewer_steps");
  never.give_up = 0;
  Decider patient(one.header, never);
  patient.Add(one.Samples(0, 1000));
  EXPECT_EQ(patient.decisions()[3].words, "undecided at 1000 samples");
}

TEST(Decider, SamplesThatFailedAreLeftOut) {
  Case one = MakeCase({{30, 50}});
  one.psnr = [psnr = one.psnr, count = 0](size_t k, SplitMix& random) mutable {
    const double value = psnr(k, random);
    return k == 3 && ++count % 3 == 0 ? kNaN : value;
  };
  Decider decider(one.header, Asking("fewer_steps"));
  decider.Add(one.Samples(0, 100));
  EXPECT_EQ(decider.decisions()[3].answer, Answer::kYes);
  EXPECT_LT(decider.decisions()[3].difference.count, decider.decisions()[3].samples);
}

Baseline BaselineOf(const Case& one, double better) {
  Baseline baseline;
  const DecidingSamples samples = one.Samples(0, one.header.sample_count);
  baseline.values["psnr"] = samples.columns.at("psnr");
  for (double& value : baseline.values["psnr"][3]) value += better;
  return baseline;
}

TEST(Decider, ARegressionEndsTheRun) {
  const Case one = MakeCase({{30, 45}, {30, 40}});
  const DecideOptions options = Asking("regression");
  // The same numbers: excluded as soon as the burn-in is over.
  Decider same(one.header, options, BaselineOf(one, 0));
  same.Add(one.Samples(0, 100));
  EXPECT_EQ(same.end(), 10);
  for (const auto& decision : same.decisions()) EXPECT_EQ(decision.words, "not worse after 10 samples");
  // 3 dB were better before: certain, and nothing else has to be known.
  Decider worse(one.header, options, BaselineOf(one, 3));
  worse.Add(one.Samples(0, 100));
  EXPECT_EQ(worse.decisions()[3].answer, Answer::kYes);
  EXPECT_EQ(worse.end(), 10);
  // A loss that the limit allows, 2 % of some 45 dB.
  Decider little(one.header, options, BaselineOf(one, 0.3));
  little.Add(one.Samples(0, 100));
  EXPECT_EQ(little.decisions()[3].answer, Answer::kNo) << little.decisions()[3].words;
}

TEST(Decider, WhatCannotBeAnswered) {
  const Case one = MakeCase({{30, 45}});
  const auto error = [&](const DecideOptions& options, const RunHeader& header) -> std::string {
    try {
      Decider(header, options);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  DecideOptions other = Asking("pareto");
  other.metric = "psnrr";
  EXPECT_NE(error(other, one.header).find("decide.metric: \"psnrr\" is not measured"), std::string::npos);
  RunHeader none = one.header;
  none.settings.erase(none.settings.begin() + 1);
  EXPECT_NE(error(Asking("fewer_steps"), none).find("needs two fewer_steps settings"), std::string::npos);
}

}  // namespace
}  // namespace skipbench
