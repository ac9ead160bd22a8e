#include "harness/report/page/report.h"
#include "harness/report/figures/cost_figures.h"
#include "harness/report/figures/path_figures.h"
#include "harness/report/figures/trace_figures.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <sstream>

#include "harness/report/figures/decision_paths.h"
#include "harness/report/figures/figures.h"
#include "harness/report/figures/gnuplot.h"
#include "harness/report/tables/escape.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/store/python.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::ExampleHeader;
using testing::ExampleWave;
using testing::kInfinity;
using testing::ReadFile;
using testing::RunProcess;
using testing::TempDir;

// A result whose third setting, like the second, has pictures that differ from the reference's.
Wave SomeWave(const RunHeader& header, int64_t first, int64_t n, bool pictures = true) {
  Wave wave = ExampleWave(header, first, n, pictures);
  for (size_t k = 0; k < wave.settings.size(); ++k)
    for (int64_t i = 0; i < n; ++i)
      wave.settings[k].metrics["psnr"][static_cast<size_t>(i)] =
          k == 0 ? kInfinity : 25 + 3 * static_cast<double>(k) + testing::ExampleValue(first + i, k, 50);
  return wave;
}

void WriteResult(const fs::path& folder, const RunHeader& header, bool finish = true, int64_t samples = 6) {
  ResultWriter writer(folder, header, false);
  writer.Commit(SomeWave(header, 0, 4));
  if (samples > 4) writer.Commit(SomeWave(header, 4, samples - 4));
  if (!finish) return;
  LatencyRecord full, adaptive;
  full.threads = adaptive.threads = 2;
  full.stage_s = {{"total", {2.0, 2.5, 1.75}}};
  adaptive.setting = 1;
  adaptive.stage_s = {{"total", {1.0, 1.25, 0.875}}};
  writer.CommitLatency(std::vector{full, adaptive});
  writer.Finish();
}

std::vector<std::vector<std::string>> Csv(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream text(ReadFile(path));
  for (std::string line; std::getline(text, line);) {
    auto& row = rows.emplace_back();
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
  }
  return rows;
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// What any page has to be, whoever wrote the labels: well-formed, with its own script alone, and nothing refers to
// elsewhere or to nowhere. SVG files are well-formed XML.
void ExpectSoundPage(const fs::path& folder) {
  const auto result = RunProcess({"/usr/bin/python3", "-c", R"py(
import glob, html.parser, os, sys, xml.etree.ElementTree
folder = sys.argv[1]
void = {"meta", "img", "source", "br", "wbr"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.anchors, self.images, self.scripts = [], set(), set(), 0, 0
    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag == "script":
            assert not attributes and not self.scripts
            self.scripts += 1
        assert tag not in ("iframe", "object", "link", "base", "form"), tag
        for name, value in attributes:
            assert not name.startswith("on"), name
            if name in ("src", "srcset", "href") and not value.startswith("#"):
                assert "//" not in value and not value.startswith("/") and ":" not in value, value
                assert os.path.getsize(os.path.join(folder, value)) > 0, value
        if "id" in a:
            assert a["id"] not in self.ids, a["id"]
            self.ids.add(a["id"])
        if a.get("href", "").startswith("#"): self.anchors.add(a["href"][1:])
        if tag == "img":
            self.images += 1
            assert len(a["alt"]) > 5 and int(a["width"]) > 0 and int(a["height"]) > 0, a
        if tag not in void: self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open, self.getpos())
        self.open.pop()
page = Page()
page.feed(open(os.path.join(folder, "index.html"), encoding="utf-8").read())
page.close()
assert not page.open, page.open
assert page.anchors <= page.ids, page.anchors - page.ids
assert page.images > 3 and page.scripts == 1
for svg in glob.glob(os.path.join(folder, "figures", "*.svg")):
    root = xml.etree.ElementTree.parse(svg).getroot()
    assert not [e for e in root.iter() if e.tag.endswith("script")], svg
)py",
                                  folder.string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST(Series, AreToldApartByColourAndMark) {
  std::set<std::pair<std::string, int>> seen;
  for (size_t k = 0; k < 98; ++k) EXPECT_TRUE(seen.emplace(SeriesColor(k), SeriesMark(k)).second) << k;
}

TEST(Escape, ForeignTextIsHarmless) {
  EXPECT_EQ(HtmlText("<b a=\"1\">&'</b>"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;&lt;/b&gt;");
  EXPECT_EQ(HtmlText("a\nb\x01\xff"), "a\nb\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(OneLine("a\r\n\tb\xe2\x80\xae"
                    "c"),
            "a   b\xef\xbf\xbd"
            "c");  // right-to-left override
  EXPECT_EQ(OneLine("№ – \xf0\x9f\x91\x9f"), "№ – \xf0\x9f\x91\x9f");
  EXPECT_EQ(GnuplotString("it's `rm` \\n"), "'it''s `rm` \\n'");
  EXPECT_EQ(CsvField("a,\"b\"\n"), "\"a,\"\"b\"\" \"");
  EXPECT_EQ(Shortened("№№№№№№", 5), "№№...");
  EXPECT_EQ(Shortened("№№№№№", 5), "№№№№№");
}

TEST(Figures, LabelsStandBesideTheirPoints) {
  PlotArea area;
  std::vector<PlacedLabel> labels = {{"a", 100, 100},
                                     {"b", 100, 104},
                                     {"c", 103, 102},
                                     {"far too long a label for this figure, "
                                      "which has 480 pixels and no more than these, so that it fits nowhere",
                                      200, 200}};
  PlaceLabels(labels, {{100, 100, 100, 100}, {100, 104, 100, 104}, {103, 102, 103, 102}}, area);
  EXPECT_TRUE(labels[0].placed && labels[1].placed && labels[2].placed);
  EXPECT_FALSE(labels[3].placed);
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < i; ++k) {
      const bool apart =
          std::abs(labels[static_cast<size_t>(i)].base - labels[static_cast<size_t>(k)].base) >= kLabelFont ||
          std::abs(labels[static_cast<size_t>(i)].left - labels[static_cast<size_t>(k)].left) >= 5;
      EXPECT_TRUE(apart) << i << " " << k;
    }
}

TEST(Figures, SettingsAreNamedByWhatVaries) {
  RunHeader header = ExampleHeader();
  auto add = [&](const std::string& label, Json parameters, int reference) {
    SettingInfo info = testing::ExampleSetting(label, parameters["type"], 4);
    info.parameters = parameters;
    info.compared_with = reference;
    header.settings.push_back(info);
  };
  header.settings.resize(1);
  add("a", {{"type", "adaptive_diffusion"}, {"delta", 0.1}, {"max_skips", 4}}, 0);
  add("b", {{"type", "adaptive_diffusion"}, {"delta", 0.2}, {"max_skips", 4}}, 0);
  add("c", {{"type", "adaptive_diffusion"}, {"delta", 0.1}, {"criterion", "tensor"}, {"id", "t"}}, 0);
  add("d", {{"type", "fewer_steps"}, {"steps", 2}}, 0);
  SettingInfo other = testing::ExampleSetting("full2", "full_step", 2, true);
  other.scheduler = "euler";
  other.compared_with = 5;
  header.settings.push_back(other);
  add("e", {{"type", "deepcache"}, {"interval", 3}}, 5);
  const auto groups = GroupSettings(header);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].title, "ddim, 4 steps");
  EXPECT_EQ(groups[1].title, "euler, 2 steps");
  EXPECT_EQ(groups[1].id, "_g2");
  EXPECT_EQ(groups[1].calls, 2);
  std::vector<std::string> names;
  for (const auto& one : groups[0].settings) names.push_back(one.name);
  EXPECT_EQ(names, (std::vector<std::string>{"full steps", "AdaptiveDiffusion δ=0.1, Cmax=4",
                                             "AdaptiveDiffusion δ=0.2, Cmax=4",
                                             "AdaptiveDiffusion (criterion=tensor) δ=0.1", "2 steps"}));
  EXPECT_EQ(groups[0].series.size(), 3u);
  EXPECT_EQ(groups[0].settings[0].series, -1);
  EXPECT_EQ(groups[0].settings[3].series, 1);
}

TEST(Figures, DataAreThoseOfTheResult) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  WriteResult(dir / "run", header);
  const ResultReader reader = ResultReader::Open(dir / "run");
  const ReportData data(reader);
  const auto cost = CostFigures(data);
  ASSERT_EQ(cost.figures.size(), 3u);  // psnr against NFE, MACs, latency
  ASSERT_EQ(cost.details.size(), 3u);  // latent_error
  EXPECT_TRUE(cost.missing.empty());
  const auto& rows = cost.figures[0].data.rows;
  ASSERT_EQ(rows.size(), 2u);  // the reference has no finite PSNR
  for (const auto& row : rows) {
    const size_t k = row.back() == header.settings[1].label ? 1 : 2;
    const auto& table = data.table.rows[k];
    EXPECT_EQ(row.back(), header.settings[k].label);
    EXPECT_EQ(std::stod(row[1]), table.nfe->mean);
    EXPECT_EQ(std::stod(row[4]), *table.metrics[0]->value);
    EXPECT_EQ(std::stod(row[5]), *table.metrics[0]->low);
    EXPECT_EQ(std::stod(row[6]), *table.metrics[0]->high);
    EXPECT_EQ(row[7], "6");
    EXPECT_EQ(row[8], k == 2 ? "1" : "0");  // fewer evaluations and more dB
  }
}

TEST(Figures, PathSharesAndHistogramsCountTheActions) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  WriteResult(dir / "run", header);
  const ResultReader reader = ResultReader::Open(dir / "run");
  const ReportData data(reader);
  const auto action = reader.Read<uint8_t>(1, "action");
  const auto section = PathFigures(data);
  ASSERT_EQ(section.figures.size(), 1u);
  const auto& rows = section.figures[0].data.rows;
  ASSERT_EQ(rows.size(), 4u);  // only the adaptive setting skips; it has 4 calls
  for (size_t c = 0; c < 4; ++c) {
    double predict = 0;
    for (size_t s = 0; s < 6; ++s) predict += action.values[s * 4 + c] == kActionPredict;
    EXPECT_EQ(std::stod(rows[c][2]), predict / 6) << c;
    EXPECT_EQ(std::stod(rows[c][4]), 1 - predict / 6) << c;
  }
  ASSERT_EQ(section.details.size(), 1u);
  // Runs of equal actions, sample by sample, put together again.
  std::map<std::string, std::string> paths;
  for (const auto& row : section.details[0].data.rows)
    for (int c = std::stoi(row[1]); c <= std::stoi(row[2]); ++c) paths[row[4]] += row[3];
  ASSERT_EQ(paths.size(), 6u);
  for (size_t s = 0; s < 6; ++s) {
    std::string path;
    for (size_t c = 0; c < 4; ++c) path += std::to_string(action.values[s * 4 + c]);
    EXPECT_EQ(paths[std::to_string(reader.samples()[s].id)], path);
  }
  const auto histogram = SkipHistograms(data);
  ASSERT_EQ(histogram.figures.size(), 1u);
  std::map<std::string, std::string> counts;
  for (const auto& row : histogram.figures[0].data.rows) counts[row[1]] = row[2];
  EXPECT_EQ(counts, (std::map<std::string, std::string>{{"1", "3"}, {"2", "3"}}));
}

TEST(Figures, OfALargeSweepSomeSettingsStandForAll) {
  std::vector<Paths> sweep(10);
  for (size_t k = 0; k < sweep.size(); ++k) sweep[k].varies = k != 9;
  const auto varying = Varying(sweep);
  ASSERT_EQ(varying.size(), 9u);
  const auto places = [&](int most) {
    std::vector<int64_t> found;
    for (const Paths* paths : Spread(varying, most)) found.push_back(paths - sweep.data());
    return found;
  };
  EXPECT_EQ(places(3), (std::vector<int64_t>{0, 4, 8}));
  EXPECT_EQ(places(2), (std::vector<int64_t>{0, 8}));
  EXPECT_EQ(places(1), (std::vector<int64_t>{4}));
  EXPECT_EQ(places(0), std::vector<int64_t>{});
  EXPECT_EQ(places(9).size(), 9u);

  TempDir dir;
  WriteResult(dir / "run", ExampleHeader());
  const ResultReader reader = ResultReader::Open(dir / "run");
  ReportData data(reader);
  data.per_setting = 0;
  const auto section = PathFigures(data);
  EXPECT_TRUE(section.details.empty());
  EXPECT_EQ(section.details_title, "The path of every sample (of 1 more settings: skipbench report --per-setting)");
}

TEST(Figures, TracesAreThoseOfTheResult) {
  TempDir dir;
  RunHeader header = ExampleHeader();
  header.settings.pop_back();
  header.settings.push_back(testing::ExampleSetting("searched", "greedy_search", 4));
  header.settings[1].type = "toy";
  header.settings[1].criterion = CriterionInfo{"similarity of \"latents\"", "similarity [%]", false, "similarity"};
  header.expanded_config["methods"].erase(2);
  Wave wave = SomeWave(header, 0, 6);
  for (size_t k = 0; k < 3; ++k) {
    auto& traces = wave.settings[k].traces;
    for (const std::string name :
         {"latent_relative_1", "latent_relative_2", "latent_relative_3", "latent_error_l2_relative", "threshold"}) {
      auto& trace = traces[name] = {{6, 4}, {}};
      for (int s = 0; s < 6; ++s)
        for (int c = 0; c < 4; ++c)
          trace.values.push_back(c == 0 ? NAN : 1 + testing::ExampleValue(s, k, c + static_cast<double>(name.back())));
    }
  }
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  writer.Finish();
  const ResultReader reader = ResultReader::Open(dir / "run");
  const ReportData data(reader);
  const auto section = TraceFigures(data);
  auto find = [&](const std::string& id) {
    for (const auto* figures : {&section.figures, &section.details})
      for (const auto& figure : *figures)
        if (figure.id == id) return figure;
    ADD_FAILURE() << "no figure " << id;
    return Figure();
  };
  // The median of six values, call by call.
  const Figure differences = find("differences_latent");
  std::vector<double> values;
  for (int s = 0; s < 6; ++s) values.push_back(1 + testing::ExampleValue(s, 0, 2 + '3'));
  std::sort(values.begin(), values.end());
  int checked = 0;
  for (const auto& row : differences.data.rows) {
    if (row[0] == "2" && row[1] == "2") {
      ++checked;
      EXPECT_DOUBLE_EQ(std::stod(row[3]), (values[2] + values[3]) / 2);
    }
    if (row[0] == "2" && row[1] == "0") {
      ++checked;
      EXPECT_EQ(row[3], "");
    }
    if (row[0] == "3" && row[1] == "0") {  // the adaptive setting's path: call 0 predicts
      ++checked;
      EXPECT_EQ(row[5], "1");
    }
  }
  EXPECT_EQ(checked, 3);
  EXPECT_EQ(find("latent_error").data.rows.size(), 8u);  // two settings, four calls
  // What is recorded with entry i stands at the call that it decides.
  const Figure two = find("two_samples_1");
  EXPECT_TRUE(Contains(two.caption, "Where the similarity of \"latents\" is below the threshold, the call predicts"));
  EXPECT_TRUE(Contains(two.script, "similarity [%]"));
  EXPECT_FALSE(Contains(two.script, "latent difference"));
  const auto samples = two.data.rows;
  ASSERT_EQ(samples.size(), 8u);
  EXPECT_EQ(samples[0][2], "");
  const auto criterion = reader.Read<double>(1, "traces/criterion");
  EXPECT_EQ(std::stod(samples[3][2]), criterion.values[std::stoul(samples[3][5]) == 1000 ? 2 : 6]);
  bool noise = false;
  for (const auto& figure : section.figures) noise |= figure.id == "differences_prediction";
  EXPECT_FALSE(noise);  // not in the result
  WriteReport(reader, dir / "out");
  ExpectSoundPage(dir / "out");
}

// A method that does not say what it compares is not drawn as if it were another one; the page says what is missing.
TEST(Figures, ACriterionWithoutADeclarationIsNotDrawn) {
  TempDir dir;
  RunHeader header = ExampleHeader();
  header.settings.pop_back();
  header.settings[1].type = "adaptive_diffusion";
  header.expanded_config["methods"].erase(2);
  Wave wave = SomeWave(header, 0, 6);
  for (auto& setting : wave.settings) setting.traces["threshold"] = setting.traces.at("criterion");
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  writer.Finish();
  const ResultReader reader = ResultReader::Open(dir / "run");
  const auto section = TraceFigures(ReportData(reader));
  for (const auto* figures : {&section.figures, &section.details})
    for (const auto& figure : *figures) EXPECT_FALSE(figure.id.starts_with("two_samples")) << figure.id;
  EXPECT_TRUE(Contains(fmt::format("{}", fmt::join(section.missing, "\n")),
                       "The criterion of " + header.settings[1].label + ": the result does not say what it is"));
}

TEST(Report, HoldsEverything) {
  TempDir dir;
  const RunHeader header = ExampleHeader();
  WriteResult(dir / "run", header);
  WriteReport(ResultReader::Open(dir / "run"), dir / "new" / "report");
  const fs::path out = dir / "new" / "report";
  const std::string page = ReadFile(out / "index.html");
  ExpectSoundPage(out);
  std::string plain = page;
  for (size_t at; (at = plain.find("<wbr>")) != std::string::npos;) plain.erase(at, 5);
  for (const auto& setting : header.settings) EXPECT_TRUE(Contains(plain, setting.label)) << setting.label;
  for (const std::string text :
       {"example: tiny (0123456789ab)", "18446744073709551615", "a caption, №0 – \xf0\x9f\x91\x9f", "libtorch",
        "bbbbbbbb  vae/model.safetensors", "figures/cost_psnr_nfe.svg", "figures/paths.dark.svg", "pictures/0_1.png"})
    EXPECT_TRUE(Contains(plain, text)) << text;
  EXPECT_FALSE(Contains(page, "Not finished"));
  EXPECT_TRUE(Contains(ReadFile(out / "table.tex"), "\\begin{tabular}"));
  EXPECT_EQ(Csv(out / "table.csv").size(), 4u);
  for (const char* file :
       {"cost_psnr_nfe.pdf", "cost_psnr_nfe.png", "src/cost_psnr_nfe.gp", "src/cost_psnr_nfe.csv", "skips.svg"})
    EXPECT_GT(fs::file_size(out / "figures" / file), 50u) << file;
  EXPECT_TRUE(ReadFile(out / "figures" / "cost_psnr_nfe.png").starts_with("\x89PNG"));

  // Again over the earlier one: what that had and this one has not is gone.
  testing::WriteFile(out / "figures" / "old.svg", "x");
  WriteReport(ResultReader::Open(dir / "run"), out, {.pictures = 0});
  EXPECT_FALSE(fs::exists(out / "figures" / "old.svg"));
  EXPECT_FALSE(fs::exists(out / "pictures"));
  ExpectSoundPage(out);
}

TEST(Report, ShowsMetricsOfSets) {
  TempDir dir;
  WriteResult(dir / "run", ExampleHeader());
  const ResultReader reader = ResultReader::Open(dir / "run");
  ReportOptions options;
  const std::vector<MeasuredValue> distances = {{.metric = {.name = "fd_fashion", .title = "fd_fashion"},
                                                 .setting = 1,
                                                 .against = "data",
                                                 .value = 88.4,
                                                 .low = 53.5,
                                                 .high = 123,
                                                 .count = 6,
                                                 .interval = "jackknife over 6 blocks"},
                                                {.metric = {.name = "fid:clean", .title = "fid:clean"},
                                                 .setting = 2,
                                                 .against = "reference",
                                                 .available = false,
                                                 .note = "no weights"}};
  options.table = MakeTable(reader, distances);
  WriteReport(reader, dir / "out", options);
  ExpectSoundPage(dir / "out");
  const std::string page = ReadFile(dir / "out" / "index.html");
  for (const std::string text :
       {"<th scope=\"col\">fd_fashion (data)</th>", "<td>88.4 <span class=\"ci\">[53.5, 123]</span></td>",
        "<td>not available</td>", "fd_fashion (data): 95 % interval by jackknife over 6 blocks."})
    EXPECT_TRUE(Contains(page, text)) << text;
  for (const char* file : {"table.md", "table.tex", "table.csv", "table.json"})
    EXPECT_TRUE(Contains(ReadFile(dir / "out" / file), "88.4")) << file;
}

TEST(Report, OfARunThatIsNotFinished) {
  TempDir dir;
  WriteResult(dir / "run", ExampleHeader(), /*finish=*/false, /*samples=*/4);
  ASSERT_FALSE(fs::exists(dir / "run" / "results.h5"));
  WriteReport(ResultReader::Open(dir / "run"), dir / "out");
  const std::string page = ReadFile(dir / "out" / "index.html");
  EXPECT_TRUE(Contains(page, "Not finished: 4 of 6 samples"));
  EXPECT_TRUE(Contains(page, "&quot;traces&quot;: true in the config records them"));
  EXPECT_TRUE(Contains(page, "Quality against latency: the run did not measure it; &quot;latency&quot;"));
  ExpectSoundPage(dir / "out");
}

TEST(Report, HostileTextsStayTexts) {
  TempDir dir;
  RunHeader header = ExampleHeader();
  const std::string touch = (dir / "pwned").string();
  const std::string evil = "</style><script>alert(1)</script>\"' onload=x `touch " + touch + "` '; system('touch " +
                           touch + "'); # $(touch " + touch +
                           ") %s%n \\end{tabular} {/Symbol a}_b^c ~x @ & \xe2\x80\xae №";
  header.name = header.model = evil;
  for (size_t k = 0; k < header.settings.size(); ++k) {
    header.settings[k].label = evil + std::to_string(k);
    if (k) header.settings[k].type = evil;
    header.settings[k].parameters = {{"type", evil}, {evil, evil + std::to_string(k)}};
  }
  header.config[evil] = evil;
  ResultWriter writer(dir / "run", header, false);
  Wave wave = SomeWave(header, 0, 6);
  for (auto& sample : wave.samples) sample.caption = evil;
  wave.settings[2].status[1] = Status::kFailed;
  wave.settings[2].message[1] = evil;
  writer.Commit(wave);
  writer.Finish();
  WriteReport(ResultReader::Open(dir / "run"), dir / "out");
  EXPECT_FALSE(fs::exists(touch));
  ExpectSoundPage(dir / "out");
  const std::string latex = ReadFile(dir / "out" / "table.tex");
  EXPECT_FALSE(Contains(latex, " \\end{tabular} "));
  EXPECT_TRUE(Contains(latex, "\\textbackslash{}end\\{tabular\\}"));
  EXPECT_TRUE(Contains(ReadFile(dir / "out" / "figures" / "paths.svg"), "&lt;/style>&lt;script>alert(1)"));
  for (const auto& row : Csv(dir / "out" / "figures" / "src" / "paths.csv")) EXPECT_GE(row.size(), 8u);
}

// A full disk, and a kill at any moment: what they leave is replaced by the next report.
TEST(Report, IsMadeAgainAfterItWasCutShort) {
  TempDir dir;
  WriteResult(dir / "run", ExampleHeader());
  const ResultReader reader = ResultReader::Open(dir / "run");
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  for (const rlim_t bytes : {rlim_t{0}, rlim_t{500}, rlim_t{3000}}) {
    const rlimit lowered = {bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &lowered);
    EXPECT_ANY_THROW(WriteReport(reader, dir / "out", {.pictures = 0}));
    setrlimit(RLIMIT_FSIZE, &before);
  }
  signal(SIGXFSZ, handler);
  EXPECT_FALSE(fs::exists(dir / "out/index.html"));
  testing::WriteFile(dir / "out/.table.md.aB3xY9.tmp", "half");
  WriteReport(reader, dir / "out");
  ExpectSoundPage(dir / "out");
  for (const auto& entry : fs::directory_iterator(dir / "out"))
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
  // Without page and marker it is a folder of somebody's.
  fs::remove(dir / "out/index.html");
  EXPECT_ERROR(WriteReport(reader, dir / "out"), "neither empty nor an earlier report");
}

TEST(Report, SaysWhatIsWrong) {
  TempDir dir;
  WriteResult(dir / "run", ExampleHeader());
  const ResultReader reader = ResultReader::Open(dir / "run");
  EXPECT_ERROR(WriteReport(reader, dir / "out", {.gnuplot = "no-such-gnuplot"}),
               "no-such-gnuplot: gnuplot, which draws the figures, is not there: install it (Debian: apt-get install "
               "gnuplot-nox)");
  EXPECT_ERROR(WriteReport(reader, dir / "out", {.gnuplot = "/bin/false"}), "/bin/false: does not work as gnuplot");
  EXPECT_FALSE(fs::exists(dir / "out"));  // found out before anything is written
  EXPECT_ERROR(WriteReport(reader, "/proc/skipbench-report"), "/proc/skipbench-report: the folder cannot be made");
  testing::WriteFile(dir / "file", "x");
  EXPECT_ERROR(WriteReport(reader, dir / "file"), "needs a folder; this is a file");
  fs::create_directory(dir / "mine");
  testing::WriteFile(dir / "mine" / "index.html", "<html>my own page</html>");
  EXPECT_ERROR(WriteReport(reader, dir / "mine"), "neither empty nor an earlier report");
  EXPECT_EQ(ReadFile(dir / "mine" / "index.html"), "<html>my own page</html>");
  Figure broken;
  broken.id = "broken";
  broken.script = "plot nonsense(x)\n";
  EXPECT_ERROR(Gnuplot().Draw(broken, dir / "figures"), "the figure broken was not drawn");
  EXPECT_ERROR(Gnuplot().Draw(broken, dir / "figures"), "nonsense");
}

}  // namespace
}  // namespace skipbench
