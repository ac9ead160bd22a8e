// Paths that are the same for every sample: which settings are said to have one, and what tables say of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/analysis/one_path.h"
#include "harness/analysis/paired_table.h"
#include "harness/analysis/recorded_actions.h"
#include "harness/analysis/table.h"
#include "harness/base/error.h"
#include "harness/report/tables/compare_text.h"
#include "harness/report/tables/render_table.h"
#include "harness/store/result_writer.h"
#include "harness/store/search_record.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ExampleHeader;
using testing::ExampleSetting;
using testing::ExampleWave;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;

// Four samples of settings of which the second to the last take the path 1 1 0 1 throughout.
RunHeader HeaderOf(const std::vector<std::string>& types) {
  RunHeader header = ExampleHeader(4);
  header.settings = {ExampleSetting("full_step", "full_step", 4, true)};
  for (const auto& type : types) header.settings.push_back(ExampleSetting(type + "(x=1)", type, 4));
  return header;
}

Wave StaticWave(const RunHeader& header) {
  Wave wave = ExampleWave(header, 0, 4);
  for (size_t k = 1; k < wave.settings.size(); ++k)
    for (size_t s = 0; s < 4; ++s) {
      for (size_t call = 0; call < 4; ++call) wave.settings[k].action.values[s * 4 + call] = call != 2;
      wave.settings[k].nfe[s] = 3;
      wave.settings[k].metrics["psnr"][s] = 20.0 + static_cast<double>(k);
    }
  return wave;
}

ResultReader Written(const TempDir& dir, const RunHeader& header, const Wave& wave) {
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  writer.Finish();
  return ResultReader::Open(dir / "run");
}

TEST(StaticPath, OneNoteWithTheSearchedPathBesideIt) {
  const TempDir dir;
  const RunHeader header = HeaderOf({"mag_cache", "greedy_search", "fixed_path", "deepcache"});
  const Table table = MakeTable(Written(dir, header, StaticWave(header)));
  EXPECT_EQ(table.rows[1].static_path->mask, "1101");
  EXPECT_EQ(table.rows[1].static_path->samples, 4);
  EXPECT_EQ(table.rows[1].searched, std::vector<size_t>{2});
  for (const size_t other : {0, 2, 3, 4}) EXPECT_FALSE(table.rows[other].static_path) << other;
  const std::string text = RenderMarkdown(table);
  EXPECT_THAT(text, HasSubstr("| mag_cache(x=1)     |       4 |  3* |"));
  EXPECT_THAT(text, HasSubstr("| greedy_search(x=1) |       4 |   3 |"));
  EXPECT_THAT(text,
              HasSubstr("- NFE*: mag_cache(x=1) is static: the same path for all 4 samples: 1101; searched with as "
                        "many predictions: greedy_search(x=1): PSNR dB 22.00, latent error 1."));
  EXPECT_THAT(text, HasSubstr(" (static: PSNR dB 21.00, latent error "));
  const Json json = Json::parse(RenderJson(table));
  EXPECT_EQ(json["settings"][1]["static_path"], "1101");
  EXPECT_EQ(json["settings"][1]["static_path_searched"], "greedy_search(x=1)");
  EXPECT_TRUE(json["settings"][3]["static_path"].is_null());
  EXPECT_THAT(RenderCsv(table), HasSubstr(",static_path,static_path_searched,"));
  EXPECT_THAT(RenderCsv(table), HasSubstr(",1101,greedy_search(x=1),"));
  EXPECT_THAT(RenderLatex(table), HasSubstr("& 3* &"));
}

TEST(StaticPath, WithoutASearchTheNoteSaysHowToGetOne) {
  const TempDir dir;
  const RunHeader header = HeaderOf({"interval"});
  const std::string text = RenderMarkdown(MakeTable(Written(dir, header, StaticWave(header))));
  EXPECT_THAT(text, HasSubstr("1101; the best path of as many predictions to set beside it: {\"type\": "
                              "\"greedy_search\", \"skips\": 1}.\n"));
}

// A search for longer paths went through the ones with as many predictions.
TEST(StaticPath, ALongerSearchHoldsThePath) {
  const TempDir dir;
  RunHeader header = HeaderOf({"interval", "greedy_search"});
  Wave wave = StaticWave(header);
  wave.settings[2].nfe.assign(4, 2);
  SearchRecord record;
  record.search = "greedy";
  record.shared = true;
  record.settings = {2};
  record.samples = {1000};
  record.latent_norm = {1};
  record.family = {{1, 3, 4}, {1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1}};
  record.family_error = {{1, 3}, {0, 0.1, 0.2}};
  record.message = {""};
  record.tried_path = {{0, 4}, {}};
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  writer.CommitExtra(SearchName(0, 0), [&](hdf5::Group& group) { WriteSearch(group, record); });
  writer.Finish();
  EXPECT_THAT(
      RenderMarkdown(MakeTable(ResultReader::Open(dir / "run"))),
      HasSubstr("1101; the search of greedy_search(x=1) holds the best path of as many predictions: {\"type\": "
                "\"fixed_path\", \"from\": this result, \"setting\": \"greedy_search(x=1)\", \"skips\": 1}.\n"));
}

TEST(StaticPath, NotWhereSamplesDifferOrNothingIsSkipped) {
  const auto text_of = [](auto&& change) {
    const TempDir dir;
    const RunHeader header = HeaderOf({"mag_cache"});
    Wave wave = StaticWave(header);
    change(wave.settings[1]);
    const Table table = MakeTable(Written(dir, header, wave));
    return RenderMarkdown(table) + RenderCsv(table);
  };
  EXPECT_THAT(text_of([](SettingWave&) {}), HasSubstr("is static"));
  EXPECT_THAT(text_of([](SettingWave& s) { s.action.values[7] = kActionReuse; }), Not(HasSubstr("static")));
  EXPECT_THAT(text_of([](SettingWave& s) { std::ranges::fill(s.action.values, kActionPredict); }),
              Not(HasSubstr("static")));
  EXPECT_THAT(text_of([](SettingWave& s) {
                for (size_t i = 1; i < 4; ++i) s.status[i] = Status::kFailed;
              }),
              Not(HasSubstr("static")))
      << "one sample says nothing";
  EXPECT_THAT(text_of([](SettingWave& s) {
                s.action.values[7] = kActionReuse;
                s.status[1] = Status::kFailed;
              }),
              HasSubstr("for all 3 samples"))
      << "only samples that were done count";
  // Guidance rows that decided apart: both have to be the same throughout.
  const auto apart = [](SettingWave& s) {
    s.action_unconditional = s.action;
    for (size_t i = 0; i < 4; ++i) s.action_unconditional.values[i * 4 + 3] = kActionReuse;
  };
  EXPECT_THAT(text_of(apart), HasSubstr("for all 4 samples: 1101/1100"));
  EXPECT_THAT(text_of([&](SettingWave& s) {
                apart(s);
                s.action_unconditional.values[5] = kActionReuse;
              }),
              Not(HasSubstr("static")));
}

// What keeps it from skipping is in its options and the run's length; that it does not is said.
TEST(StaticPath, ASettingThatNeverSkipsIsNamed) {
  const TempDir dir;
  const RunHeader header = HeaderOf({"mag_cache", "fixed_path", "fewer_steps"});
  Wave wave = StaticWave(header);
  for (size_t k = 1; k < wave.settings.size(); ++k) std::ranges::fill(wave.settings[k].action.values, kActionPredict);
  const std::string text = RenderMarkdown(MakeTable(Written(dir, header, wave)));
  EXPECT_THAT(text, HasSubstr("- mag_cache(x=1) never skips: its warm-up, a limit or its threshold keep all 4 calls of "
                              "all 4 samples full.\n"));
  for (const char* other : {"fixed_path(x=1) never", "fewer_steps(x=1) never", "full_step never"})
    EXPECT_THAT(text, Not(HasSubstr(other)));
}

// A row of guidance is half of an evaluation; the store rounds up.
TEST(RowsApart, CountHalves) {
  const TempDir dir;
  const RunHeader header = HeaderOf({"mag_cache", "interval"});
  Wave wave = StaticWave(header);
  SettingWave& apart = wave.settings[1];
  apart.action_unconditional = apart.action;
  for (size_t i = 0; i < 4; ++i) apart.action_unconditional.values[i * 4 + 3] = kActionReuse;
  const ResultReader result = Written(dir, header, wave);
  EXPECT_EQ(EvaluationsOf(result, 1, kActionPredict), std::vector<double>(4, 2.5));
  EXPECT_EQ(EvaluationsOf(result, 2, kActionPredict), std::vector<double>(4, 3));
  const Table table = MakeTable(result);
  EXPECT_EQ(table.rows[1].nfe->mean, 2.5);
  EXPECT_THAT(RenderMarkdown(table), HasSubstr("| mag_cache(x=1) |       4 | 2.5* |"));
  const PairedTable paired = MakePairedTable(result, "interval(x=1)");
  ASSERT_EQ(paired.rows[1].setting, "mag_cache(x=1)");
  EXPECT_EQ(paired.rows[1].differences[0].name, "nfe");
  EXPECT_EQ(paired.rows[1].differences[0].difference, -0.5);
}

TEST(PairedTable, CountsSamplesWithAnotherMask) {
  const TempDir dir;
  const RunHeader header = HeaderOf({"mag_cache", "interval", "tea_cache"});
  Wave wave = StaticWave(header);
  // Another way not to run the whole network is no other mask; a call that skips elsewhere is, in either row.
  wave.settings[1].action.values[2] = kActionShallow;
  wave.settings[1].action.values[4 + 1] = kActionReuse;
  wave.settings[3].action_unconditional = wave.settings[3].action;
  wave.settings[3].action_unconditional.values[1] = kActionReuse;
  wave.settings[3].status[3] = Status::kFailed;
  const ResultReader result = Written(dir, header, wave);
  const PairedTable paired = MakePairedTable(result, "interval(x=1)");
  ASSERT_EQ(paired.rows.size(), 3u);  // full_step, mag_cache, tea_cache
  EXPECT_EQ(paired.rows[1].masks->differ, 1);
  EXPECT_EQ(paired.rows[1].masks->samples, 4);
  EXPECT_EQ(paired.rows[2].masks->differ, 1);
  EXPECT_EQ(paired.rows[2].masks->samples, 3);
  EXPECT_THAT(RenderPairedMarkdown(paired), HasSubstr("| mag_cache(x=1) | path         |   1 differ |"));
  EXPECT_THAT(RenderPairedCsv(paired),
              HasSubstr("\"mag_cache(x=1)\",\"interval(x=1)\",other_paths,samples,1,,,,,,4,0\n"));
  EXPECT_EQ(Json::parse(RenderPairedJson(paired))["settings"][1]["other_paths"], 1);
}

TEST(OnePath, OfAllOfOneOrOfTheMajority) {
  const std::map<int64_t, Actions> same = {{3, {1, 0, 1}}, {9, {1, 0, 1}}};
  EXPECT_EQ(ChooseOnePath(same, {}, "x").actions, (Actions{1, 0, 1}));
  EXPECT_EQ(ChooseOnePath(same, {}, "x").whose, "of all 2 samples");
  const std::map<int64_t, Actions> differ = {{3, {1, 0, 1, 2}}, {9, {1, 1, 0, 2}}, {12, {1, 1, 0, 0}}};
  EXPECT_EQ(ChooseOnePath(differ, {.sample = 3}, "x").actions, (Actions{1, 0, 1, 2}));
  EXPECT_EQ(ChooseOnePath(differ, {.majority = true}, "x").actions, (Actions{1, 1, 0, 0}));
  EXPECT_THAT(ChooseOnePath(differ, {.majority = true}, "x").whose, HasSubstr("2 of them took this very path"));
  const auto error = [&](const PathChoice& choice) -> std::string {
    try {
      ChooseOnePath(differ, choice, "there");
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_THAT(error({}), HasSubstr("there: its 3 samples took different paths (2 predictions)"));
  EXPECT_THAT(error({}), HasSubstr("--majority"));
  EXPECT_EQ(error({.sample = 4}), "there: holds no path of sample 4; it has those of 3, 9, 12");
}

}  // namespace
}  // namespace skipbench
