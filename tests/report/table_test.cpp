#include "harness/analysis/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "harness/report/tables/display_width.h"
#include "harness/report/tables/render_table.h"
#include "harness/report/tables/table_text.h"
#include "harness/report/tables/terminal_table.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/store/python.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ExampleHeader;
using testing::ExampleWave;
using testing::kInfinity;
using testing::kNaN;
using testing::TempDir;

LatencyRecord Latency(int setting, std::vector<double> total, double memory = 512 << 20) {
  LatencyRecord record;
  record.setting = setting;
  record.batch = 2;
  record.threads = 2;
  record.stage_s = {{"total", std::move(total)}};
  record.peak_memory_bytes = memory;
  record.peak_memory_kind = "process peak growth";
  return record;
}

// Six samples with round numbers: 4, 2 or 3, and 2 predictions; PSNRs 20, 22, ...; the last setting fails for one
// sample.
Wave RoundWave(const RunHeader& header) {
  Wave wave = ExampleWave(header, 0, 6);
  for (auto& setting : wave.settings)
    for (size_t i = 0; i < 6; ++i) {
      setting.macs_modules[i] = setting.nfe[i] * 2e9;
      setting.macs_matmuls[i] = setting.nfe[i] * 3e9;
    }
  wave.settings[1].metrics["psnr"] = {20, 22, 24, 26, 28, kInfinity};
  wave.settings[2].metrics["psnr"] = {10, 10, 10, 10, 10, kNaN};
  wave.settings[0].metrics["latent_error"] = {0, 0, 0, 0, 0, 0};
  wave.settings[1].metrics["latent_error"] = {0.5, 0.5, 0.5, 0.5, 0.5, 0};
  wave.settings[2].metrics["latent_error"] = {2, 2, 2, 2, kNaN, kNaN};
  wave.settings[2].status[5] = Status::kFailed;
  wave.settings[2].message[5] = "sample 965: a latent is not finite";
  wave.cost.evaluations = 36;
  wave.cost.separate_evaluations = 1051;
  wave.cost.wall_s = 12.3456;
  return wave;
}

Table RoundTable(const TempDir& dir, const std::vector<LatencyRecord>& latency) {
  const RunHeader header = ExampleHeader();
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(RoundWave(header));
  if (!latency.empty()) writer.CommitLatency(latency);
  writer.Finish();
  return MakeTable(ResultReader::Open(dir / "run"));
}

// One build began the run, another one resumed it.
TEST(Table, ARunOfTwoBuildsNamesBoth) {
  TempDir dir;
  RunHeader header = ExampleHeader();
  header.git_revision = "1111111111112222222222222222222222222222";
  ResultWriter(dir / "run", header, false).Commit(ExampleWave(header, 0, 2));
  header.git_revision = "3333333333334444444444444444444444444444";
  header.git_dirty = true;
  ResultWriter writer(dir / "run", header, true);
  writer.Commit(ExampleWave(header, 2, 4));
  const std::string builds = "skipbench 0.1.0 (111111111111) and 0.1.0 (333333333333, modified)";
  for (const bool finished : {false, true}) {
    if (finished) writer.Finish();
    const Table table = MakeTable(ResultReader::Open(dir / "run"));
    for (const std::string& text : {RenderMarkdown(table), RenderLatex(table)})
      EXPECT_NE(text.find(builds), std::string::npos) << text;
    for (const char* revision :
         {"1111111111112222222222222222222222222222", "3333333333334444444444444444444444444444"})
      EXPECT_NE(RenderJson(table).find(revision), std::string::npos) << RenderJson(table);
  }
}

TEST(Table, NumbersAreThoseOfTheSamples) {
  TempDir dir;
  const Table table = RoundTable(dir, {Latency(0, {2.0, 9.0, 2.2}), Latency(1, {1.0, 1.1, 1.2})});
  ASSERT_EQ(table.rows.size(), 3u);
  const TableRow &full = table.rows[0], &adaptive = table.rows[1], &fewer = table.rows[2];
  EXPECT_EQ(full.samples, 6);
  EXPECT_EQ(full.nfe->mean, 4);
  EXPECT_EQ(adaptive.nfe->mean, 2.5);
  EXPECT_EQ(adaptive.nfe->min, 2);
  EXPECT_EQ(adaptive.nfe->max, 3);
  EXPECT_EQ(full.macs_modules, 8e9);
  EXPECT_EQ(adaptive.macs_matmuls, 7.5e9);
  EXPECT_EQ(adaptive.macs_matmuls_ratio, 0.625);
  EXPECT_EQ(full.macs_modules_ratio, 1.0);
  EXPECT_EQ(full.latency->seconds, 1.1);  // the median, of two samples
  EXPECT_EQ(*adaptive.latency->speed_up, 2.0);
  EXPECT_TRUE(adaptive.latency->speed_up_low.has_value());
  EXPECT_FALSE(full.latency->speed_up_low.has_value()) << "against itself";
  EXPECT_EQ(full.latency->peak_memory_bytes, 512.0 * 1024 * 1024);
  EXPECT_FALSE(fewer.latency.has_value());

  ASSERT_EQ(table.metrics.size(), 2u);
  EXPECT_EQ(table.metrics[0].name, "psnr");
  EXPECT_EQ(table.metrics[0].unit, "dB");
  const MeasuredValue& psnr = *adaptive.metrics[0];
  EXPECT_EQ(*psnr.value, 24);
  EXPECT_EQ(psnr.count, 5);
  EXPECT_EQ(psnr.identical, 1);
  EXPECT_LT(*psnr.low, 23);
  EXPECT_GT(*psnr.low, 20);
  EXPECT_GT(*psnr.high, 25);
  EXPECT_EQ(full.metrics[0]->identical, 6);
  EXPECT_EQ(full.metrics[0]->count, 0);

  EXPECT_EQ(fewer.samples, 5);  // the failed sample is in none of the numbers
  EXPECT_EQ(fewer.failed, 1);
  EXPECT_EQ(fewer.metrics[0]->count, 5);
  EXPECT_EQ(MissingOf(fewer, *fewer.metrics[1]), 1);
  EXPECT_EQ(*fewer.metrics[1]->value, 2);
  EXPECT_EQ(fewer.macs_modules_ratio, 0.5);
}

TEST(Table, Markdown) {
  TempDir dir;
  const std::string text = RenderMarkdown(RoundTable(dir, {Latency(0, {2.0, 9.0, 2.2}), Latency(1, {1.0, 1.1, 1.2})}));
  EXPECT_EQ(
      text,
      R"(example: tiny (0123456789ab), ddim, 4 steps, guidance 4.5, 6 samples, seed 18446744073709551615; cpu, 2 threads, float32; skipbench 0.1.0 (abcdef).

| setting              | samples |       NFE | GMACs modules | GMACs matmuls |           latency s |            speed-up | memory MiB |                   PSNR dB |         latent error | Pareto | outcome |
| -------------------- | ------: | --------: | ------------: | ------------: | ------------------: | ------------------: | ---------: | ------------------------: | -------------------: | -----: | ------- |
| full_step            |       6 |         4 | 8.000 (1.000) | 12.00 (1.000) |    1.10 (1.00-4.50) |               1.00x |        512 |                 identical |                    0 |      - | done (reference) |
| adaptive(delta=0.1)  |       6 | 2.5 (2-3) | 5.000 (0.625) | 7.500 (0.625) | 0.550 (0.500-0.600) | 2.00x [0.40, 24.35] |        512 | 24.00 [21.60, 26.40] (+1) | 0.417 [0.250, 0.500] |    yes | done    |
| fewer_steps(steps=2) |       5 |         2 | 4.000 (0.500) | 6.000 (0.500) |                   - |                   - |          - |                     10.00 |                 2.00 |    yes | failed 1 of 6: sample 965: a latent is not finite |

- The settings together took 36 network evaluations (guided pairs); one by one they would take 1,051, 29.19 times as many. Time for all of it: 12.3 s.
- MACs: of the denoiser, mean of a sample; in parentheses the ratio to the reference.
- latency: one sample, median of 3 runs of batch 2 on 2 threads (fastest-slowest), nothing shared; speed-up against the reference, with its 95 % interval (Welch's t of the logarithms). memory: process peak growth.
- latency: the machine was busy: repeats differ by up to 4.5 times (full_step); measure again.
- [low, high]: 95 % interval of the mean, bootstrap over samples.
- Pareto: of the settings with one full run, no other one is better in PSNR at no more MACs, by the means.
- identical, (+k): all, or k, pictures are equal to the reference's in every byte; counted, not averaged.
- fewer_steps(steps=2): latency was not measured.
- fewer_steps(steps=2): latent_error is over 4 of 5 samples; the others have none.
)");
}

// Beside a larger model's table a small one's numbers have its unit.
TEST(Table, OneUnitOfMacsForTablesSideBySide) {
  TempDir dir;
  Table table = RoundTable(dir, {});
  EXPECT_THAT(RenderMarkdown(table), ::testing::HasSubstr("| GMACs modules |"));
  table.most_macs = 2e13;
  EXPECT_THAT(RenderMarkdown(table), ::testing::HasSubstr("TMACs modules |"));
  EXPECT_THAT(RenderMarkdown(table), ::testing::HasSubstr(" 0.008000 (1.000) |"));
}

// A run that measures whole sets alone has no verdict, and its distances in every table.
TEST(Table, OfMetricsOfSetsAlone) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  Wave wave = RoundWave(header);
  for (auto& setting : wave.settings) setting.metrics.clear();
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  writer.Finish();
  const Table table =
      MakeTable(ResultReader::Open(dir / "run"), {{.metric = {.name = "fid:clean", .title = "fid:clean"},
                                                   .setting = 1,
                                                   .against = "data",
                                                   .value = 88.4,
                                                   .low = 53.5,
                                                   .high = 123,
                                                   .count = 6}});
  EXPECT_THAT(table.verdict.problem, ::testing::HasSubstr("distances of whole sets are in the table"));
  for (const auto& text : {RenderTerminal(table, WholeView(table), {.width = 80}), RenderMarkdown(table)}) {
    EXPECT_THAT(text, ::testing::HasSubstr("fid:clean (data)"));
    EXPECT_THAT(text, ::testing::HasSubstr("88.4 [53.5, 123]"));
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("Pareto:")));
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("P: ")));
  }
  EXPECT_EQ(Json::parse(RenderJson(table))["settings"][1]["distances"]["fid:clean"]["data"]["value"], 88.4);
}

// The front of what was run says nothing of fewer steps that nobody ran.
TEST(Table, MarksTheFrontThatFewerStepsBetweenWouldBeat) {
  TempDir dir;
  Table table = RoundTable(dir, {});
  for (auto& one : table.verdict.groups.at(0).settings)
    if (one.setting == 1)
      one.against = {.kind = AgainstFewer::Kind::kInterpolated, .left = 2, .right = 2, .difference = {5, -3, -4, -2}};
  ASSERT_TRUE(table.verdict.Find(1)->beaten_between());
  const std::string markdown = RenderMarkdown(table);
  EXPECT_THAT(markdown, ::testing::HasSubstr("  (yes) |"));
  EXPECT_THAT(markdown, ::testing::HasSubstr("(yes): only because no fewer steps were run at just its cost"));
  const std::string text = RenderTerminal(table, WholeView(table), {.width = 100, .colour = true});
  EXPECT_THAT(text, ::testing::HasSubstr("p adaptive(delta=0.1)"));
  EXPECT_THAT(text, ::testing::HasSubstr("p: in it, but certainly worse than fewer steps would be at its cost."));
  EXPECT_EQ(Json::parse(RenderJson(table))["settings"][1]["pareto"], true) << "programs find the comparison beside it";
}

TEST(Table, WhatIsNotThereIsSaid) {
  TempDir dir;
  RunHeader header = ExampleHeader(9);
  Wave wave = ExampleWave(header, 0, 6);
  wave.settings[1].status.assign(6, Status::kNotSupported);
  wave.settings[1].message.assign(6, "the network has no shallow forward | at all");
  for (auto* values : {&wave.settings[1].macs_modules, &wave.settings[1].macs_matmuls,
                       &wave.settings[1].metrics["psnr"], &wave.settings[1].metrics["latent_error"]})
    values->assign(6, kNaN);
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  const Table table = MakeTable(ResultReader::Open(dir / "run"));
  const TableText text = Layout(table);
  EXPECT_NE(text.caption.find("6 of 9 samples (not finished)"), std::string::npos) << text.caption;
  const auto& cells = text.cells[1];
  EXPECT_EQ(cells[1], "0");
  for (size_t c = 2; c + 1 < cells.size(); ++c) EXPECT_EQ(cells[c], "-") << text.headings[c];
  EXPECT_EQ(cells.back(), "not supported: the network has no shallow forward | at all");
  const std::string markdown = RenderMarkdown(table);
  EXPECT_NE(markdown.find("forward \\| at all"), std::string::npos);
  EXPECT_NE(markdown.find("- latency, speed-up, memory: - because the run did not measure them"), std::string::npos);
  EXPECT_NE(markdown.find("adaptive(delta=0.1): - because no sample was done"), std::string::npos);
}

TEST(Table, AResultWithoutSamplesHasATableToo) {
  TempDir dir;
  const std::vector<LatencyRecord> records = {Latency(0, {1.0}), Latency(1, {0.5}, kNaN)};
  ResultWriter writer(dir / "run", ExampleHeader(), false);
  writer.CommitLatency(records);
  const Table table = MakeTable(ResultReader::Open(dir / "run"));
  EXPECT_EQ(*table.rows[1].latency->speed_up, 2.0);
  const std::string markdown = RenderMarkdown(table);
  EXPECT_NE(markdown.find("no sample is in the results yet"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("adaptive(delta=0.1): memory was not measured"), std::string::npos);
}

TEST(Table, SpeedUpNeedsEqualConditions) {
  TempDir dir;
  LatencyRecord other = Latency(1, {0.5});
  other.threads = 1;
  LatencyRecord failed = Latency(2, {});
  failed.status = Status::kFailed;
  failed.message = "out of memory";
  const Table table = RoundTable(dir, {Latency(0, {1.0}), other, failed});
  EXPECT_FALSE(table.rows[1].latency->speed_up.has_value());
  EXPECT_FALSE(table.rows[2].latency.has_value());
  const std::string markdown = RenderMarkdown(table);
  EXPECT_NE(markdown.find("adaptive(delta=0.1): no speed-up, because the reference was not measured alike"),
            std::string::npos);
  EXPECT_NE(markdown.find("fewer_steps(steps=2): no latency: out of memory"), std::string::npos);
}

TEST(Table, EachSettingHasTheReferenceOfItsRun) {
  TempDir dir;
  RunHeader header = ExampleHeader();
  header.settings.push_back(testing::ExampleSetting("full_step, euler", "full_step", 2, true));
  header.settings[3].scheduler = "euler";
  header.settings[3].compared_with = 3;
  header.settings[2].compared_with = 3;
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(ExampleWave(header, 0, 6));
  const Table table = MakeTable(ResultReader::Open(dir / "run"));
  EXPECT_EQ(table.rows[2].macs_modules_ratio, 1.0);
  EXPECT_EQ(table.rows[1].macs_modules_ratio, 0.625);
  EXPECT_NE(Layout(table).caption.find("ddim / euler"), std::string::npos);
}

TEST(Table, LatexIsEscaped) {
  TempDir dir;
  const std::string text = RenderLatex(RoundTable(dir, {}));
  EXPECT_NE(text.find("\\begin{tabular}{lrrrrrrrrrrl}\n  \\toprule\n  setting & samples & NFE & GMACs modules"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  full\\_step & 6 & 4 & 8.000 (1.000) & 12.00 (1.000) & - & - & - & identical & 0 & - & done "
                      "(reference) \\\\\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("95 \\% interval"), std::string::npos);
  EXPECT_NE(text.find("  \\bottomrule\n\\end{tabular}}\n"), std::string::npos);
  // Notes stand behind the float.
  EXPECT_LT(text.find("\\end{table}"), text.find("95 \\% interval"));
}

// Of the settings besides full runs; equal ones both, and only where somebody knows which way is better.
TEST(Table, LatexHasTheBestInBold) {
  TempDir dir;
  const Table table = RoundTable(dir, {Latency(0, {1.0}), Latency(1, {0.5}), Latency(2, {0.25})});
  const std::string text = RenderLatex(table);
  const size_t adaptive = text.find("\n  adaptive"), fewer = text.find("\n  fewer\\_steps");
  ASSERT_NE(adaptive, std::string::npos) << text;
  ASSERT_NE(fewer, std::string::npos) << text;
  const std::string of_fewer = text.substr(fewer, text.find('\n', fewer + 1) - fewer);
  const std::string of_adaptive = text.substr(adaptive, text.find('\n', adaptive + 1) - adaptive);
  EXPECT_NE(of_fewer.find("\\textbf{0.125}"), std::string::npos) << of_fewer;
  EXPECT_NE(of_fewer.find("\\textbf{4.00x}"), std::string::npos) << of_fewer;
  EXPECT_EQ(of_adaptive.find("\\textbf{0.250}"), std::string::npos) << of_adaptive;
  EXPECT_NE(text.find("Bold: the best of a column"), std::string::npos);
}

TEST(Table, CsvHasAllDigitsAndIsReadByOthers) {
  TempDir dir;
  const Table table = RoundTable(dir, {Latency(0, {1.0 / 3})});
  const std::string text = RenderCsv(table);
  const std::string head = text.substr(0, text.find('\n'));
  EXPECT_EQ(head,
            "setting,type,scheduler,steps,reference,samples,failed,not_supported,message,nfe_mean,nfe_min,nfe_max,"
            "shallow_nfe_mean,shallow_nfe_min,shallow_nfe_max,macs_modules,macs_modules_ratio,macs_matmuls,macs_"
            "matmuls_ratio,"
            "latency_s,speed_up,latency_batch,latency_threads,latency_repeats,peak_memory_bytes,peak_memory_kind,"
            "psnr,psnr_low,psnr_high,psnr_count,psnr_identical,"
            "latent_error,latent_error_low,latent_error_high,latent_error_count,latent_error_identical,"
            "latency_min_s,latency_max_s,speed_up_low,speed_up_high,pareto,fewer_steps_difference,fewer_steps_low,"
            "fewer_steps_high");
  EXPECT_NE(
      text.find(
          "\nadaptive(delta=0.1),adaptive,ddim,4,0,6,0,0,,2.5,2,3,0,0,0,5000000000,0.625,7500000000,0.625,,,,,,,,24,"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("0.16666666666666666"), std::string::npos);
  SKIP_WITHOUT_H5PY();
  testing::WriteFile(dir / "t.csv", text);
  testing::ExpectPython(R"(
import csv
rows = list(csv.DictReader(open(path, newline='')))
assert len(rows) == 3 and rows[2]['message'] == 'sample 965: a latent is not finite' and rows[0]['psnr'] == ''
assert float(rows[0]['latency_s']) == 1 / 6 and int(rows[0]['psnr_identical']) == 6
)",
                        dir / "t.csv");
}

// One number of the reference's repeats would be a speed-up that the saved work does not allow.
TEST(Table, ABusyMachineIsSaid) {
  TempDir dir;
  const Table table = RoundTable(dir, {Latency(0, {2.0, 2.1, 2.2}), Latency(1, {0.5, 0.5, 0.5})});
  EXPECT_FALSE(table.rows[1].latency->uneven());
  EXPECT_TRUE(table.rows[1].latency->impossible(0.625));
  EXPECT_FALSE(table.rows[1].latency->impossible(0.24));
  EXPECT_NEAR(*table.rows[1].latency->speed_up, 4.2, 1e-12);
  EXPECT_LT(*table.rows[1].latency->speed_up_low, 4.2);
  EXPECT_GT(*table.rows[1].latency->speed_up_high, 4.2);
  EXPECT_THAT(RenderMarkdown(table),
              ::testing::HasSubstr("speed-up: the machine was busy: more than the saved work "
                                   "allows (adaptive(delta=0.1) 4.20x of 1.60x); measure again."));
  const Json json = Json::parse(RenderJson(table))["settings"][1]["latency"];
  EXPECT_EQ(json["min_seconds"], 0.25);
  EXPECT_EQ(json["max_seconds"], 0.25);
  EXPECT_NEAR(json["speed_up_low"].get<double>(), 4.2, 0.5);
}

TEST(Table, ViewsChooseColumnsAndRows) {
  TempDir dir;
  const Table table = RoundTable(dir, {});
  const auto labels = [&](const std::string& sort, const std::vector<std::string>& filters) {
    std::vector<std::string> chosen;
    for (const size_t k : ViewOf(table, "", sort, filters).rows) chosen.push_back(table.rows[k].setting.label);
    return chosen;
  };
  using Labels = std::vector<std::string>;
  EXPECT_EQ(labels("nfe", {}), (Labels{"fewer_steps(steps=2)", "adaptive(delta=0.1)", "full_step"}));
  EXPECT_EQ(labels("-psnr", {}), (Labels{"full_step", "adaptive(delta=0.1)", "fewer_steps(steps=2)"}));
  EXPECT_EQ(labels("speed_up", {}), (Labels{"full_step", "adaptive(delta=0.1)", "fewer_steps(steps=2)"}));  // none
  EXPECT_EQ(labels("", {"psnr<30"}), (Labels{"adaptive(delta=0.1)", "fewer_steps(steps=2)"}));
  EXPECT_EQ(labels("", {"cost>=0.5", "type!=full_step", "adaptive"}), (Labels{"adaptive(delta=0.1)"}));
  EXPECT_EQ(labels("", {"steps=2"}), (Labels{"fewer_steps(steps=2)"}));
  EXPECT_EQ(labels("", {"steps=2)"}), (Labels{"fewer_steps(steps=2)"}));  // no number, but in the label
  for (const auto& [sort, filter, why] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"ssim", "", "--sort: no column \"ssim\"; there are setting, samples, nfe"},
           {"", "fast<3", "--filter fast<3: no column \"fast\""},
           {"", "psnr>much", "--filter psnr>much: expected a number behind >, found \"much\""},
           {"", "psnr=>40",
            "--filter psnr=>40: no setting's label has this in it; expected a part of a label, or a column"},
           {"", "type<full", "the column type holds text: expected = or !=, found <"}})
    try {
      ViewOf(table, "", sort, filter.empty() ? std::vector<std::string>{} : std::vector{filter});
      ADD_FAILURE() << sort << filter;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(why));
    }
  const TableView view = ViewOf(table, "setting,delta,psnr", "", {"adaptive"});
  EXPECT_THAT(RenderMarkdown(table, view),
              ::testing::HasSubstr("| setting             | delta |                   PSNR dB |\n"));
  EXPECT_EQ(RenderCsv(table, ViewOf(table, "setting,psnr", "", {"fewer"})), "setting,psnr\nfewer_steps(steps=2),10\n");
  EXPECT_THROW(RenderCsv(table, view), Error);  // no "delta" in CSV
  EXPECT_EQ(Json::parse(RenderJson(table, view))["settings"].size(), 1u);
}

TEST(Table, FitsTheTerminal) {
  TempDir dir;
  const Table table = RoundTable(dir, {Latency(0, {2.0, 9.0, 2.2}), Latency(1, {1.0, 1.1, 1.2})});
  for (const size_t width : {60u, 80u, 100u, 200u}) {
    const std::string text = RenderTerminal(table, WholeView(table), {.width = width});
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(DisplayWidth(line), width) << line;
    EXPECT_THAT(text, ::testing::HasSubstr("P adaptive(delta=0.1)"));
    EXPECT_THAT(text, ::testing::HasSubstr("failed 1 of 6"));
    EXPECT_THAT(text, ::testing::HasSubstr("the machine was busy"));
    EXPECT_THAT(text, ::testing::HasSubstr("more notes: --notes)"));
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("\x1b")));
  }
  EXPECT_THAT(RenderTerminal(table, WholeView(table), {.width = 80, .colour = true}),
              ::testing::HasSubstr("P \x1b[1madaptive(delta=0.1)"));
  const std::string all = RenderTerminal(table, WholeView(table), {.width = 80, .all_notes = true});
  EXPECT_THAT(all, ::testing::Not(::testing::HasSubstr("--notes")));
  EXPECT_THAT(all, ::testing::HasSubstr("- fewer_steps(steps=2): latency was not measured."));
}

TEST(Table, CsvQuotes) {
  Table table;
  TableRow row;
  row.setting.label = "fixed(a=1,b=\"x\")";
  row.message = "one\ntwo";
  table.rows = {row};
  const std::string text = RenderCsv(table);
  EXPECT_NE(text.find("\n\"fixed(a=1,b=\"\"x\"\")\","), std::string::npos) << text;
  EXPECT_NE(text.find(",\"one\ntwo\","), std::string::npos);
}

TEST(Table, Json) {
  TempDir dir;
  const Json json = Json::parse(RenderJson(RoundTable(dir, {Latency(0, {1.0}), Latency(1, {0.5}, kNaN)})));
  EXPECT_EQ(json["model"], "tiny");
  EXPECT_EQ(json["seed"], 18446744073709551615ull);
  EXPECT_EQ(json["evaluations"], 36);
  const Json& row = json["settings"][1];
  EXPECT_EQ(row["setting"], "adaptive(delta=0.1)");
  EXPECT_EQ(row["nfe"]["mean"], 2.5);
  EXPECT_EQ(row["latency"]["speed_up"], 2.0);
  EXPECT_TRUE(row["latency"]["peak_memory_bytes"].is_null());
  EXPECT_EQ(row["metrics"]["psnr"]["mean"], 24.0);
  EXPECT_EQ(row["metrics"]["psnr"]["identical"], 1);
  EXPECT_TRUE(json["settings"][0]["metrics"]["psnr"]["mean"].is_null());
  EXPECT_TRUE(json["settings"][2]["latency"].is_null());
}

}  // namespace
}  // namespace skipbench
