#include "harness/report/tables/verdict_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "harness/analysis/short_labels.h"
#include "harness/report/tables/display_width.h"
#include "harness/report/tables/verdict_terminal.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

RunHeader HeaderOf(const std::vector<std::pair<std::string, std::string>>& labels_and_types) {
  RunHeader header;
  header.name = "example";
  header.scheduler = "ddim";
  header.steps = 50;
  for (const auto& [label, type] : labels_and_types) {
    SettingInfo info;
    info.label = label;
    info.type = type;
    info.steps = 50;
    info.reference = type == "full_step";
    info.compared_with = 0;
    header.settings.push_back(info);
  }
  return header;
}

RunHeader Sweep() {
  return HeaderOf({{"full_step", "full_step"},
                   {"fewer_steps(steps=20)", "fewer_steps"},
                   {"fewer_steps(steps=30)", "fewer_steps"},
                   {"adaptive_diffusion(delta=0.01,max_skips=4)", "adaptive_diffusion"},
                   {"adaptive_diffusion(delta=0.02,max_skips=4)", "adaptive_diffusion"}});
}

RunVerdict VerdictOf(const RunHeader& header, const SettingValues& values, const std::vector<double>& costs) {
  SettingValues cost;
  for (size_t k = 0; k < values.size(); ++k) cost.emplace_back(values[k].size(), costs[k]);
  const MetricInfo psnr = {
      .name = "psnr", .title = "PSNR", .unit = "dB", .better = Direction::kHigher, .decimals = 2, .ceiling = 100.0};
  return MakeVerdict({.header = header, .metric = psnr, .values = values, .cost = cost}, {.cost = "macs_matmuls"});
}

RunVerdict Simple(double shift = 0) {
  return VerdictOf(Sweep(),
                   {{kInfinity, kInfinity, kInfinity, kInfinity},
                    {30, 31, 29, 30},
                    {40, 41, 39, 40},
                    {38 + shift, 39.1 + shift, 36.9 + shift, 38 + shift},
                    {31, 31.9, 30, 31.1}},
                   {50, 20, 30, 25, 20});
}

TEST(VerdictText, AWinner) {
  const VerdictGroupText text = LayoutVerdict(Simple(), Sweep()).groups.at(0);
  EXPECT_EQ(text.title, "ddim, 50 steps, 4 samples");
  EXPECT_THAT(text.sentence,
              HasSubstr("at half the cost adaptive_diffusion(delta=0.01) is closest to the full run (PSNR 38.00 dB), "
                        "and certainly so; it is certainly better than plain fewer steps at its cost: +3.00 ["));
  EXPECT_THAT(text.sentence,
              HasSubstr("of all 2 settings of methods 2 certainly beat fewer steps at their cost and 0 "));
  EXPECT_EQ(text.lines.size(), 4u);  // at 0.75 the best method behind fewer steps, too; at 0.35 nothing so cheap
}

TEST(VerdictText, WhereTheDataCannotTell) {
  RunVerdict verdict = Simple(-2.9);
  EXPECT_THAT(LayoutVerdict(verdict, Sweep()).groups.at(0).sentence,
              HasSubstr("it is not told from plain fewer steps at its cost: +0.10 [-"));
  verdict = VerdictOf(Sweep(),
                      {{kInfinity, kInfinity, kInfinity, kInfinity},
                       {30, 31, 29, 30},
                       {40, 41, 39, 40},
                       {26, 27.1, 24.9, 26},
                       {30.9, 30.8, 29.3, 30.2}},
                      {50, 20, 30, 25, 20});
  const VerdictGroupText text = LayoutVerdict(verdict, Sweep()).groups.at(0);
  EXPECT_THAT(
      text.sentence,
      HasSubstr("at half the cost adaptive_diffusion(delta=0.02) is closest to the full run (PSNR 30.30 dB), but "
                "not told apart from fewer_steps(steps=20); "));
  for (const auto& remark : text.remarks) EXPECT_THAT(remark, Not(HasSubstr("At half the cost"))) << "said twice";
}

// Of one sample nothing is certain, and one setting within a budget needs no comparison.
TEST(VerdictText, WhatIsCertainOfFew) {
  const auto of_one = VerdictOf(Sweep(), {{kInfinity}, {30}, {40}, {38}, {31}}, {50, 20, 30, 25, 20});
  EXPECT_THAT(LayoutVerdict(of_one, Sweep()).groups.at(0).sentence, HasSubstr("(PSNR 38.00 dB), of one sample"));
  EXPECT_THAT(LayoutVerdict(of_one, Sweep()).groups.at(0).sentence,
              HasSubstr("it is held against nothing: one sample says"));
  const auto only =
      VerdictOf(Sweep(), {{kInfinity, kInfinity}, {30, 31}, {40, 41}, {38, 39}, {31, 30}}, {50, 20, 30, 40, 45});
  EXPECT_THAT(
      LayoutVerdict(only, Sweep()).groups.at(0).sentence,
      HasSubstr("at half the cost plain fewer_steps(steps=20) is closest to the full run (PSNR 30.50 dB), being "
                "the only one that cheap"));
}

// A difference of an SSIM is no row of zeros.
TEST(VerdictText, DifferencesHaveTheDigitsOfTheirInterval) {
  const RunHeader header = Sweep();
  SettingValues values = {{1, 1, 1, 1},
                          {0.9981, 0.9982, 0.9979, 0.9980},
                          {0.9991, 0.9992, 0.9989, 0.9990},
                          {0.9989, 0.9990, 0.9987, 0.99881},
                          {0.9980, 0.9981, 0.9978, 0.9979}};
  SettingValues cost;
  for (const double one : {50, 20, 30, 25, 20}) cost.emplace_back(4, one);
  const MetricInfo ssim = {.name = "ssim", .title = "SSIM", .better = Direction::kHigher, .decimals = 3};
  RunVerdict verdict = MakeVerdict({.header = header, .metric = ssim, .values = values, .cost = cost}, {.cost = "nfe"});
  EXPECT_THAT(LayoutVerdict(verdict, header).groups.at(0).sentence, HasSubstr(": +0.00030 [+0.000"));
  EXPECT_THAT(LayoutVerdict(verdict, header).notes, Not(::testing::Contains(HasSubstr("shallow"))));
  verdict.shallow = true;
  EXPECT_THAT(LayoutVerdict(verdict, header).notes, ::testing::Contains(HasSubstr("leave shallow forwards")));
}

// Nothing that was run is better at no more cost, but fewer steps between those that were run are.
TEST(VerdictText, InTheParetoSetForWantOfFewerSteps) {
  RunVerdict verdict = Simple(-6);
  const JudgedSetting* between = verdict.Find(3);
  ASSERT_NE(between, nullptr);
  EXPECT_TRUE(between->pareto);
  EXPECT_TRUE(between->beaten_between());
  verdict = Simple();
  EXPECT_TRUE(verdict.Find(3)->pareto);
  EXPECT_FALSE(verdict.Find(3)->beaten_between());
}

// Whatever the labels, no line is longer than the terminal, and a verdict fits its screen.
TEST(VerdictText, FitsTheTerminal) {
  RunHeader header = Sweep();
  header.settings[4].label = "名前の長い設定" + std::string(60, 'x');
  for (const size_t width : {60u, 80u, 120u}) {
    std::istringstream lines(RenderVerdictText(Simple(), header, width));
    size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(DisplayWidth(line), width) << line;
    if (width >= 80) {
      EXPECT_LE(count, 22u);
    }
  }
  EXPECT_THAT(RenderVerdictText(Simple(), header, 80, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(RenderVerdictText(Simple(), header, 80, true), HasSubstr("\x1b[32m"));
}

TEST(VerdictText, Json) {
  const Json json = Json::parse(RenderVerdictJson(Simple(), Sweep()));
  EXPECT_EQ(json["metric"], "psnr");
  EXPECT_EQ(json["comparisons"], 2);
  EXPECT_EQ(json["pairs"], 6);
  const Json& run = json["full_runs"][0];
  EXPECT_EQ(run["full_run"], "full_step");
  EXPECT_EQ(run["budgets"][1]["budget"], 0.5);
  EXPECT_EQ(run["budgets"][1]["best"], "adaptive_diffusion(delta=0.01,max_skips=4)");
  EXPECT_EQ(run["settings"][2]["against_fewer_steps"]["answer"], "better");
  EXPECT_NEAR(run["settings"][2]["against_fewer_steps"]["difference"].get<double>(), 3, 1e-12);
  EXPECT_EQ(run["settings"][2]["pareto"], true);
}

TEST(VerdictText, SaysThatTheRunIsNotFinished) {
  RunVerdict verdict = Simple();
  EXPECT_THAT(RenderVerdictText(verdict, Sweep()), Not(HasSubstr("not finished")));
  verdict.samples = 4;
  verdict.planned = 60;
  EXPECT_THAT(LayoutVerdict(verdict, Sweep()).heading, HasSubstr("; not finished: 4 of 60 samples"));
  EXPECT_EQ(Json::parse(RenderVerdictJson(verdict, Sweep()))["finished"], false);
}

TEST(VerdictText, NothingToSay) {
  RunVerdict verdict;
  verdict.problem = "no sample is in the results yet";
  EXPECT_EQ(RenderVerdictText(verdict, Sweep()), "Verdict: none: no sample is in the results yet.\n");
  EXPECT_THAT(RenderVerdictMarkdown(verdict, Sweep()), HasSubstr("no sample is in the results yet"));
  EXPECT_EQ(Json::parse(RenderVerdictJson(verdict, Sweep()))["problem"], "no sample is in the results yet");
}

std::vector<size_t> All(const RunHeader& header) {
  std::vector<size_t> settings;
  for (size_t k = 0; k < header.settings.size(); ++k) settings.push_back(k);
  return settings;
}

TEST(ShortLabels, LeaveOutWhatIsTheSame) {
  RunHeader header =
      HeaderOf({{"full_step [ddim]", "full_step"},
                {"fewer_steps(steps=20) [ddim]", "fewer_steps"},
                {"adaptive_diffusion(delta=0.01,max_skips=4) [ddim]", "adaptive_diffusion"},
                {"adaptive_diffusion(delta=0.02,max_skips=4) [ddim]", "adaptive_diffusion"},
                {"fixed_path(from=a,greedy_search(skips=25,scope=shared),skips=15) [ddim]", "fixed_path"},
                {"fixed_path(from=a,greedy_search(skips=25,scope=shared),skips=25) [ddim]", "fixed_path"},
                {"my own name [ddim]", "deepcache"}});
  const SettingLabels labels = ShortLabels(header, All(header));
  EXPECT_THAT(labels.labels, ElementsAre("full_step", "fewer_steps(steps=20)", "adaptive_diffusion(delta=0.01)",
                                         "adaptive_diffusion(delta=0.02)", "fixed_path(skips=15)",
                                         "fixed_path(skips=25)", "my own name"));
  EXPECT_THAT(labels.values,
              ElementsAre("full_step", "fewer_steps(20)", "adaptive_diffusion(0.01)", "adaptive_diffusion(0.02)",
                          "fixed_path(15)", "fixed_path(25)", "my own name"));
  EXPECT_THAT(labels.legend, ElementsAre("fewer_steps(steps)", "adaptive_diffusion(delta)", "fixed_path(skips)"));
}

TEST(ShortLabels, NameTheirSetting) {
  const RunHeader header = Sweep();
  EXPECT_THAT(WithShortLabel(header, "adaptive_diffusion(delta=0.02)"), ElementsAre(4));
  EXPECT_THAT(WithShortLabel(header, "adaptive_diffusion(0.01)"), ElementsAre(3));
  EXPECT_THAT(WithShortLabel(header, "adaptive_diffusion"), ::testing::IsEmpty());
}

// Two solvers of one class are told apart by their tags, and have their steps all the same.
TEST(RunTitle, HasTheSteps) {
  const RunHeader header = HeaderOf({{"full_step [ddim]", "full_step"}, {"full_step [ddim eta=1]", "full_step"}});
  RunHeader own = header;
  for (size_t k = 0; k < 2; ++k) own.settings[k].compared_with = static_cast<int>(k);
  EXPECT_EQ(RunTitle(own, 0), "ddim, 50 steps");
  EXPECT_EQ(RunTitle(own, 1), "ddim eta=1, 50 steps");
}

TEST(ShortLabels, AreUnique) {
  // The values alone would be the same.
  RunHeader header = HeaderOf({{"cache(first=1)", "cache"}, {"cache(last=1)", "cache"}, {"cache", "cache"}});
  const SettingLabels labels = ShortLabels(header, All(header));
  EXPECT_THAT(labels.labels, ElementsAre("cache(first=1)", "cache(last=1)", "cache"));
  EXPECT_EQ(labels.values, labels.labels);
}

TEST(DisplayWidth, CountsCells) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("δ=1"), 3u);
  EXPECT_EQ(DisplayWidth("名前"), 4u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  EXPECT_EQ(PadLeft("名", 4), "  名");
  EXPECT_EQ(PadRight("名", 4), "名  ");
}

TEST(DisplayWidth, TheMiddleGivesWay) {
  EXPECT_EQ(FitWidth("adaptive(delta=0.01)", 20), "adaptive(delta=0.01)");
  EXPECT_EQ(FitWidth("adaptive(delta=0.01)", 13), "adapt...0.01)");
  EXPECT_LE(DisplayWidth(FitWidth("名前の長い設定の名前", 10)), 10u);
  EXPECT_EQ(FitWidth("abcdef", 3), "...");
  EXPECT_EQ(FitBeginning("failed 1 of 6: why", 16), "failed 1 of 6...");
  EXPECT_THAT(WrapText("one two three", 7, "  "), ElementsAre("one two", "  three"));
}

}  // namespace
}  // namespace skipbench
