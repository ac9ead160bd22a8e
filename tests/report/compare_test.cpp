#include "harness/report/tables/compare_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <functional>

#include "harness/store/merge.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ExampleHeader;
using testing::ExampleWave;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;

constexpr int64_t kSamples = 12;
constexpr size_t kAdaptive = 1;  // index of the adaptive setting

class CompareTest : public ::testing::Test {
 protected:
  // A result as the example run has it, after `change`.
  ResultReader Result(const std::string& name, const std::function<void(RunHeader&, Wave&)>& change = {},
                      double slowness = 1) {
    RunHeader header = ExampleHeader(kSamples);
    Wave wave = ExampleWave(header, 0, kSamples);
    for (size_t k = 0; k < wave.settings.size(); ++k) {
      wave.settings[k].thumbnail = {{kSamples, 8, 8, 3}, std::vector<uint8_t>(kSamples * 192)};
      for (size_t i = 0; i < wave.settings[k].thumbnail.values.size(); ++i)
        wave.settings[k].thumbnail.values[i] = static_cast<uint8_t>(i * 7 + k);
    }
    if (change) change(header, wave);
    ResultWriter writer(temp_ / name, header, false);
    writer.Commit(wave);
    std::vector<LatencyRecord> latency;
    for (int k = 0; k < 3; ++k) {
      LatencyRecord record;
      record.setting = k;
      record.threads = 2;
      record.stage_s["total"] = {0.5 * slowness, 0.52 * slowness, 0.49 * slowness};
      latency.push_back(record);
    }
    writer.CommitLatency(latency);
    writer.Finish();
    return ResultReader::Open(temp_ / name);
  }
  Comparison CompareWith(const std::function<void(RunHeader&, Wave&)>& change, CompareOptions options = {},
                         double slowness = 1) {
    const ResultReader base = Result("base"), now = Result("now", change, slowness);
    const Comparison comparison = Compare(base, now, options);
    std::filesystem::remove_all(temp_ / "base");
    std::filesystem::remove_all(temp_ / "now");
    return comparison;
  }
  TempDir temp_;
};

std::string Reasons(const Comparison& comparison) {
  std::string text;
  for (const auto& reason : comparison.not_comparable) text += reason + "\n";
  for (const auto& setting : comparison.settings)
    for (const auto& reason : setting.reasons) text += setting.label + ": " + reason + "\n";
  return text;
}

void Shift(Wave& wave, size_t setting, const std::string& metric, double by) {
  for (double& value : wave.settings[setting].metrics[metric]) value += by;
}

// Nothing knows the metric but the results.
TEST_F(CompareTest, AMetricSaysItselfWhatIsBetter) {
  for (const Direction better : {Direction::kHigher, Direction::kLower}) {
    const auto shifted = [&](double by) {
      return [=](RunHeader& header, Wave& wave) {
        header.metrics.push_back({.name = "sharpness", .title = "sharpness", .better = better, .limit = 0.1});
        for (auto& setting : wave.settings) setting.metrics["sharpness"].assign(kSamples, 5 + by);
      };
    };
    const double good = better == Direction::kHigher ? 1 : -1;
    for (const double by : {good, -0.05 * good, -good}) {
      const ResultReader base = Result("base", shifted(0)), now = Result("now", shifted(by));
      EXPECT_EQ(Compare(base, now, {}).verdict, by == -good ? Verdict::kRegression : Verdict::kFine) << by;
      std::filesystem::remove_all(temp_ / "base");
      std::filesystem::remove_all(temp_ / "now");
    }
  }
}

TEST_F(CompareTest, TheSameIsFine) {
  CompareOptions options;
  options.max_slowdown = 1.1;
  const Comparison comparison = CompareWith({}, options);
  EXPECT_EQ(comparison.verdict, Verdict::kFine) << Reasons(comparison);
  EXPECT_EQ(ExitCode(comparison.verdict), 0);
  EXPECT_EQ(comparison.pairs, kSamples);
  EXPECT_EQ(comparison.settings.size(), 3u);
  EXPECT_EQ(comparison.settings[1].metrics.size(), 2u);
  EXPECT_EQ(comparison.settings[1].slowdown->ratio, 1);
  EXPECT_THAT(RenderMarkdown(comparison, options), HasSubstr("**skipbench compare: no regression**"));
  EXPECT_EQ(ParseJson(RenderJson(comparison), "json")["exit_code"], 0);
}

TEST_F(CompareTest, LowerQualityBeyondTheLimit) {
  const Comparison comparison = CompareWith([](RunHeader&, Wave& wave) { Shift(wave, kAdaptive, "psnr", -0.6); });
  EXPECT_EQ(comparison.verdict, Verdict::kRegression);
  EXPECT_EQ(ExitCode(comparison.verdict), 1);
  EXPECT_THAT(Reasons(comparison),
              HasSubstr("adaptive(delta=0.1): psnr is worse: lower quality by 0.6 [0.6, 0.6], limit 0.5"));
  EXPECT_EQ(comparison.settings[0].verdict, Verdict::kFine);
  CompareOptions lenient;
  lenient.limits["psnr"] = 1;
  EXPECT_EQ(CompareWith([](RunHeader&, Wave& wave) { Shift(wave, kAdaptive, "psnr", -0.6); }, lenient).verdict,
            Verdict::kFine);
  EXPECT_EQ(CompareWith([](RunHeader&, Wave& wave) { Shift(wave, kAdaptive, "psnr", 3); }).verdict, Verdict::kFine);
  // An error is the other way round.
  EXPECT_EQ(CompareWith([](RunHeader&, Wave& wave) { Shift(wave, kAdaptive, "latent_error", 0.1); }).verdict,
            Verdict::kRegression);
  EXPECT_EQ(CompareWith([](RunHeader&, Wave& wave) { Shift(wave, kAdaptive, "latent_error", -0.1); }).verdict,
            Verdict::kFine);
}

// Losses that cancel are no loss, whatever the rounding of their sum leaves.
TEST_F(CompareTest, RoundingIsNoLoss) {
  const Comparison comparison = CompareWith([](RunHeader&, Wave& wave) {
    auto& psnr = wave.settings[kAdaptive].metrics["psnr"];
    const double losses[] = {0.3, -0.1, -0.2};
    for (size_t i = 0; i < psnr.size(); ++i) psnr[i] -= losses[i % 3];
  });
  const auto& metrics = comparison.settings[kAdaptive].metrics;
  const auto psnr = std::ranges::find(metrics, "psnr", &MetricChange::metric);
  ASSERT_NE(psnr, metrics.end());
  EXPECT_EQ(psnr->loss.mean, 0);
}

TEST_F(CompareTest, AnIntervalAcrossTheLimitIsUndecided) {
  const Comparison comparison = CompareWith([](RunHeader&, Wave& wave) {
    auto& psnr = wave.settings[kAdaptive].metrics["psnr"];
    for (size_t i = 0; i < psnr.size(); ++i) psnr[i] -= i % 2 ? 2 : -1;
  });
  EXPECT_EQ(comparison.verdict, Verdict::kInconclusive);
  EXPECT_EQ(ExitCode(comparison.verdict), 2);
  EXPECT_THAT(Reasons(comparison), HasSubstr("psnr is undecided"));
}

TEST_F(CompareTest, PicturesThatAreNoLongerIdentical) {
  const Comparison comparison = CompareWith([](RunHeader&, Wave& wave) {
    for (double& value : wave.settings[0].metrics["psnr"]) value = 60;
  });
  EXPECT_EQ(comparison.verdict, Verdict::kRegression);
}

TEST_F(CompareTest, CostCountsExactly) {
  const auto one_more = [](RunHeader&, Wave& wave) { ++wave.settings[kAdaptive].nfe[3]; };
  const Comparison more = CompareWith(one_more);
  EXPECT_EQ(more.verdict, Verdict::kRegression);
  EXPECT_THAT(Reasons(more), HasSubstr("more network evaluations"));
  CompareOptions lenient;
  lenient.max_cost_rise = 0.05;
  EXPECT_EQ(CompareWith(one_more, lenient).verdict, Verdict::kFine);
  EXPECT_THAT(Reasons(CompareWith([](RunHeader&, Wave& wave) { wave.settings[2].macs_matmuls[0] *= 1.001; })),
              HasSubstr("more multiply-accumulates"));
  EXPECT_EQ(CompareWith([](RunHeader&, Wave& wave) { --wave.settings[kAdaptive].nfe[3]; }).verdict, Verdict::kFine);
}

// Fewer evaluations are no gain where they are paid for in quality, be it below the limit.
TEST_F(CompareTest, SavingsMustBeFree) {
  const auto cheaper_and_worse = [](RunHeader&, Wave& wave) {
    for (int32_t& nfe : wave.settings[kAdaptive].nfe) --nfe;
    Shift(wave, kAdaptive, "psnr", -0.2);
  };
  const Comparison comparison = CompareWith(cheaper_and_worse);
  EXPECT_EQ(comparison.verdict, Verdict::kRegression);
  EXPECT_THAT(Reasons(comparison), HasSubstr("worse, with fewer evaluations"));
  // Whatever the limit.
  EXPECT_EQ(CompareWith(cheaper_and_worse, {.limits = {{"psnr", 0.3}}}).verdict, Verdict::kRegression);
}

TEST_F(CompareTest, OtherPicturesOfTheFullRun) {
  const Comparison comparison = CompareWith([](RunHeader&, Wave& wave) {
    for (uint8_t& value : wave.settings[0].thumbnail.values) value = static_cast<uint8_t>(value + 40);
  });
  EXPECT_EQ(comparison.verdict, Verdict::kRegression);
  EXPECT_THAT(Reasons(comparison), HasSubstr("full_step: the full run makes other pictures of the same noise"));
  // Those of a method are judged by its metrics.
  EXPECT_EQ(CompareWith([](RunHeader&, Wave& wave) {
              for (uint8_t& value : wave.settings[kAdaptive].thumbnail.values) value ^= 64;
            }).verdict,
            Verdict::kFine);
}

TEST_F(CompareTest, TimestepsThatMoved) {
  EXPECT_THAT(Reasons(CompareWith([](RunHeader& header, Wave&) { header.settings[0].timesteps[0] -= 1; })),
              HasSubstr("the timesteps differ, though the scheduler's configuration does not"));
  const Comparison other = CompareWith([](RunHeader& header, Wave&) {
    header.settings[0].timesteps[0] -= 1;
    header.expanded_config["scheduler"] = {{"type", "ddim"}, {"timestep_spacing", "trailing"}};
  });
  EXPECT_EQ(other.verdict, Verdict::kNotComparable);
}

TEST_F(CompareTest, LatencyCountsWhenAskedFor) {
  const Comparison unseen = CompareWith({}, {}, 3);
  EXPECT_EQ(unseen.verdict, Verdict::kFine);
  EXPECT_THAT(unseen.notes, ::testing::Contains("latency was not looked at; --max-slowdown 1.2 does that"));
  CompareOptions options;
  options.max_slowdown = 1.2;
  const Comparison slower = CompareWith({}, options, 1.5);
  EXPECT_EQ(slower.verdict, Verdict::kRegression);
  EXPECT_THAT(Reasons(slower), HasSubstr("latency is worse: 1.500 ["));
  EXPECT_EQ(CompareWith({}, options, 1.22).verdict, Verdict::kInconclusive);
  EXPECT_EQ(CompareWith({}, options, 1.1).verdict, Verdict::kFine);
  EXPECT_EQ(CompareWith({}, options, 0.5).verdict, Verdict::kFine);
}

TEST_F(CompareTest, SamplesThatFailNow) {
  const Comparison comparison = CompareWith([](RunHeader&, Wave& wave) {
    wave.settings[2].status[4] = Status::kFailed;
    wave.settings[2].message[4] = "latents are not finite";
  });
  EXPECT_EQ(comparison.verdict, Verdict::kRegression);
  EXPECT_THAT(Reasons(comparison), HasSubstr("1 samples that BASE has done failed in NEW: latents are not finite"));
  EXPECT_EQ(comparison.settings[2].pairs, kSamples - 1);
}

TEST_F(CompareTest, NotComparable) {
  const auto expect = [&](const std::function<void(RunHeader&, Wave&)>& change, const std::string& reason) {
    const Comparison comparison = CompareWith(change);
    EXPECT_EQ(comparison.verdict, Verdict::kNotComparable) << reason;
    EXPECT_EQ(ExitCode(comparison.verdict), 4);
    EXPECT_THAT(Reasons(comparison), HasSubstr(reason));
  };
  expect(
      [](RunHeader& header, Wave& wave) {
        header.seed = 7;
        for (auto& sample : wave.samples) sample.seed = 7;
      },
      "other seed: 18446744073709551615 in BASE, 7 in NEW");
  expect([](RunHeader& header, Wave&) { header.model_files["unet/model.safetensors"] = std::string(64, 'c'); },
         "other model: unet/model.safetensors has the SHA-256 aaaaaaaaaaaa... in BASE, cccccccccccc... in NEW");
  expect([](RunHeader& header, Wave&) { header.dtype = "bfloat16"; }, "other dtype: float32 in BASE, bfloat16 in NEW");
  expect(
      [](RunHeader& header, Wave&) {
        header.expanded_config["model_scheduler"] = {{"clip_sample", true}};
      },
      "other scheduler of the model: clip_sample: false in BASE, true in NEW");
  expect([](RunHeader& header, Wave&) { header.expanded_config["noise"] = {{"source", "torch_cpu"}}; }, "other noise");
  expect([](RunHeader&, Wave& wave) { wave.samples[2].caption = "something else"; }, "other data: the sample 986 is");
  expect(
      [](RunHeader&, Wave& wave) {
        for (auto& sample : wave.samples) sample.id += 5000;
      },
      "no sample is in both");
  expect([](RunHeader& header, Wave&) { header.settings[0].steps = 5; },
         "fewer_steps(steps=2): it is compared with another full run: steps: 4 in BASE, 5 in NEW");
  expect([](RunHeader& header, Wave&) { header.settings[1].steps = 3; },
         "adaptive(delta=0.1): steps: 4 in BASE, 3 in NEW");
  expect(
      [](RunHeader& header, Wave&) {
        header.settings[2].label = "fewer_steps(steps=3)";
        header.settings[2].steps = 3;
      },
      "fewer_steps(steps=2): NEW has no such setting");
  expect(
      [](RunHeader&, Wave& wave) {
        for (auto& setting : wave.settings) setting.metrics.erase("psnr");
      },
      "psnr: not measured in NEW");
}

// Other noise on the same captions is no other data.
TEST_F(CompareTest, ASeedIsNoData) {
  const auto reseed = [](Wave& wave) {
    for (auto& sample : wave.samples) sample.seed = 7;
  };
  const std::string run = Reasons(CompareWith([&](RunHeader& header, Wave& wave) {
    header.seed = 7;
    reseed(wave);
  }));
  EXPECT_THAT(run, HasSubstr("other seed: 18446744073709551615 in BASE, 7 in NEW"));
  EXPECT_THAT(run, Not(HasSubstr("other data")));
  EXPECT_THAT(run, Not(HasSubstr("other noise")));
  const std::string samples = Reasons(CompareWith([&](RunHeader&, Wave& wave) { reseed(wave); }));
  EXPECT_THAT(samples, HasSubstr("other noise: the sample "));
  EXPECT_THAT(samples, HasSubstr(" in BASE, 7 in NEW"));
  EXPECT_THAT(samples, Not(HasSubstr("other data")));
}

TEST_F(CompareTest, BuildsAreNamedBothOfOneResultToo) {
  const ResultReader base = Result("base", [](RunHeader& header, Wave&) { header.git_revision = "111111111111aa"; });
  for (int shard = 0; shard < 2; ++shard) {
    RunHeader header = ExampleHeader(kSamples);
    header.shard = {shard, 2};
    header.git_revision = shard == 0 ? "222222222222bb" : "333333333333cc";
    ResultWriter writer(temp_ / fmt::format("shard{}", shard), header, false);
    writer.Commit(ExampleWave(header, shard * kSamples / 2, kSamples / 2));
    writer.Finish();
  }
  MergeResults({temp_ / "shard0", temp_ / "shard1"}, temp_ / "merged");
  for (const auto& parts :
       {std::vector<std::filesystem::path>{temp_ / "shard0", temp_ / "shard1"}, {temp_ / "merged"}}) {
    const Comparison comparison = Compare(base, ResultReader::Open(parts), {});
    for (const std::string& text : {RenderMarkdown(comparison, {}), RenderJson(comparison)}) {
      EXPECT_THAT(text, HasSubstr("skipbench 0.1.0 (111111111111)"));
      EXPECT_THAT(text, HasSubstr("skipbench 0.1.0 (222222222222) and 0.1.0 (333333333333)"));
    }
  }
}

// A sweep's labels say more than a single run's; what the setting is decides.
TEST_F(CompareTest, PairsByWhatTheSettingIs) {
  const Comparison comparison = CompareWith([](RunHeader& header, Wave&) {
    for (auto& setting : header.settings) setting.label += " [ddim]";
  });
  EXPECT_EQ(comparison.verdict, Verdict::kFine) << Reasons(comparison);
}

TEST_F(CompareTest, SubsetsAreComparedOnWhatBothHave) {
  const ResultReader base = Result("base");
  RunHeader header = ExampleHeader(4);
  ResultWriter writer(temp_ / "now", header, false);
  writer.Commit(ExampleWave(header, 2, 4));
  writer.Finish();
  const Comparison comparison = Compare(base, ResultReader::Open(temp_ / "now"), {});
  EXPECT_EQ(comparison.verdict, Verdict::kFine) << Reasons(comparison);
  EXPECT_EQ(comparison.pairs, 4);
  EXPECT_EQ(comparison.only_base, kSamples - 4);
  EXPECT_THAT(RenderMarkdown(comparison, {}), HasSubstr("4 in both, 8 in BASE only"));
}

// What is allowed is noted and no reason; what follows from it is shown, not judged.
TEST_F(CompareTest, AllowedDifferences) {
  const auto half = [](RunHeader& header, Wave& wave) {
    header.dtype = "bfloat16";
    for (auto& value : wave.settings[0].thumbnail.values) value = static_cast<uint8_t>(value ^ 0x40);
  };
  CompareOptions allowed;
  allowed.allowances.kinds = {"dtype"};
  const Comparison comparison = CompareWith(half, allowed);
  EXPECT_EQ(comparison.verdict, Verdict::kFine) << Reasons(comparison);
  EXPECT_THAT(comparison.allowed, ::testing::ElementsAre("other dtype: float32 in BASE, bfloat16 in NEW"));
  EXPECT_THAT(RenderMarkdown(comparison, allowed),
              HasSubstr("- allowed: other dtype: float32 in BASE, bfloat16 in NEW"));
  EXPECT_EQ(ParseJson(RenderJson(comparison), "json")["allowed"].size(), 1u);
  // A limit that is given counts all the same, and so does quality.
  CompareOptions strict = allowed;
  strict.min_agreement_db = 40;
  EXPECT_EQ(CompareWith(half, strict).verdict, Verdict::kRegression);
  EXPECT_EQ(CompareWith(
                [&](RunHeader& header, Wave& wave) {
                  half(header, wave);
                  Shift(wave, kAdaptive, "psnr", -0.6);
                },
                allowed)
                .verdict,
            Verdict::kRegression);
  // Without a difference everything is as ever.
  EXPECT_EQ(
      CompareWith([](RunHeader&, Wave& wave) { wave.settings[0].thumbnail.values.assign(kSamples * 192, 9); }, allowed)
          .verdict,
      Verdict::kRegression);
  // Other kinds stay reasons.
  EXPECT_EQ(
      CompareWith([](RunHeader& header, Wave&) { header.model_files["unet/model.safetensors"] = std::string(64, 'c'); },
                  allowed)
          .verdict,
      Verdict::kNotComparable);
  allowed.allowances.kinds = {"model"};
  EXPECT_EQ(
      CompareWith([](RunHeader& header, Wave&) { header.model_files["unet/model.safetensors"] = std::string(64, 'c'); },
                  allowed)
          .verdict,
      Verdict::kFine);
}

TEST_F(CompareTest, OtherStepsAndGuidanceAreAllowed) {
  const auto more = [](RunHeader& header, Wave& wave) {
    for (auto& setting : header.settings) setting.steps += 1;
    for (auto& setting : wave.settings)
      for (auto& value : setting.macs_matmuls) value *= 2;
  };
  EXPECT_EQ(CompareWith(more).verdict, Verdict::kNotComparable);
  CompareOptions allowed;
  allowed.allowances.kinds = {"steps"};
  const Comparison comparison = CompareWith(more, allowed);
  EXPECT_EQ(comparison.verdict, Verdict::kFine) << Reasons(comparison);
  EXPECT_THAT(comparison.allowed, ::testing::Contains("full_step: steps: 4 in BASE, 5 in NEW"));
  allowed.max_cost_rise = 0.5;
  EXPECT_EQ(CompareWith(more, allowed).verdict, Verdict::kRegression);
  allowed.allowances.kinds = {"guidance"};
  EXPECT_EQ(CompareWith(
                [](RunHeader& header, Wave&) {
                  for (auto& setting : header.settings) setting.guidance += 1;
                },
                allowed)
                .verdict,
            Verdict::kFine);
}

TEST_F(CompareTest, RenamedSettings) {
  const auto rename = [](RunHeader& header, Wave&) {
    header.settings[kAdaptive].type = "newer";
    header.settings[kAdaptive].label = "newer(delta=0.1)";
  };
  EXPECT_EQ(CompareWith(rename).verdict, Verdict::kNotComparable);
  CompareOptions mapped;
  mapped.allowances.renamed = {{"adaptive(delta=0.1)", "newer(delta=0.1)"}};
  const Comparison comparison = CompareWith(rename, mapped);
  EXPECT_EQ(comparison.verdict, Verdict::kFine) << Reasons(comparison);
  EXPECT_THAT(comparison.notes, ::testing::Contains("adaptive(delta=0.1) is newer(delta=0.1) in NEW"));
  EXPECT_THAT(comparison.allowed, ::testing::Contains(HasSubstr("type: \"adaptive\" in BASE, \"newer\" in NEW")));
}

TEST_F(CompareTest, JunitForCiServers) {
  const std::string fine = RenderJunit(CompareWith({}));
  EXPECT_THAT(fine, HasSubstr("tests=\"3\" failures=\"0\" errors=\"0\" skipped=\"0\""));
  EXPECT_THAT(fine, HasSubstr("<testcase classname=\"skipbench.compare\" name=\"full_step\"/>"));
  const std::string worse = RenderJunit(CompareWith([](RunHeader& header, Wave& wave) {
    Shift(wave, kAdaptive, "psnr", -0.6);
    header.settings[kAdaptive].label = "a<\"&b";
  }));
  EXPECT_THAT(worse, HasSubstr("failures=\"1\""));
  EXPECT_THAT(worse, HasSubstr("<failure type=\"regression\" message=\"psnr is worse: "));
  EXPECT_THAT(worse, Not(HasSubstr("a<")));
  const std::string other = RenderJunit(CompareWith([](RunHeader& header, Wave&) { header.dtype = "bfloat16"; }));
  EXPECT_THAT(other, HasSubstr("tests=\"1\" failures=\"0\" errors=\"1\""));
  EXPECT_THAT(other, HasSubstr("other dtype: float32 in BASE, bfloat16 in NEW"));
}

}  // namespace
}  // namespace skipbench
