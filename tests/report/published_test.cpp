// Numbers that others published, beside a result's own: in every format that a table has, and on the page.
#include "harness/report/tables/published_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "harness/report/page/page.h"
#include "harness/report/page/report.h"
#include "harness/report/tables/display_width.h"
#include "harness/report/tables/html_table.h"
#include "harness/report/tables/render_table.h"
#include "harness/report/tables/side_by_side.h"
#include "harness/report/tables/terminal_table.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using testing::ExampleHeader;
using testing::ExampleWave;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;

Json Rows() {
  return Json::parse(R"([
    {"method": "DeepCache <1>", "model": "stable|model", "metric": "psnr", "value": 21.5, "unit": "dB", "bound": "about",
     "source": "https://a.org/paper", "note": "50 steps & a GPU", "setting": "SETTING"},
    {"method": "DeepCache <1>", "model": "stable|model", "metric": "CLIP score, change", "value": -0.05,
     "source": "https://a.org/paper"},
    {"method": "SADA", "model": "m", "metric": "speed_up", "value": 1.8, "unit": "x", "bound": "at_least",
     "source": "https://b.org/x?y=1&z=2"}])");
}

// With rows of which one names the second setting.
Table PublishedTable(const TempDir& dir, bool named = true) {
  RunHeader header = ExampleHeader();
  Json rows = Rows();
  if (named)
    rows[0]["setting"] = header.settings[1].label;
  else
    rows[0].erase("setting");
  header.expanded_config["published"] = rows;
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(ExampleWave(header, 0, 6));
  writer.Finish();
  return MakeTable(ResultReader::Open(dir / "run"));
}

TEST(Published, StandsBesideWhatTheSettingMeasured) {
  const TempDir dir;
  const Table table = PublishedTable(dir);
  const PublishedText text = LayoutPublished(table);
  EXPECT_THAT(text.headings, ElementsAre("method", "model", "metric", "published", "measured here", "note", "source"));
  ASSERT_EQ(text.cells.size(), 3u);
  const MeasuredHere here = MeasuredOf(table, table.published[0]);
  ASSERT_TRUE(here.value);
  EXPECT_EQ(*here.value, *table.rows[1].metrics[0]->value);
  EXPECT_THAT(text.cells[0], ElementsAre("DeepCache <1>", "stable|model", "PSNR dB", "about 21.5 dB", here.cell,
                                         "50 steps & a GPU", "https://a.org/paper"));
  EXPECT_THAT(text.cells[1], ElementsAre("DeepCache <1>", "stable|model", "CLIP score, change", "-0.05", "-", "-",
                                         "https://a.org/paper"));
  EXPECT_EQ(text.cells[2][3], "at least 1.8x");
  PublishedText numbered = text;
  EXPECT_THAT(NumberSources(&numbered), ElementsAre("[1] https://a.org/paper", "[2] https://b.org/x?y=1&z=2"));
  EXPECT_EQ(numbered.cells[1].back(), "[1]");
  EXPECT_EQ(numbered.cells[2].back(), "[2]");
}

TEST(Published, EveryFormatHasThemApart) {
  const TempDir dir;
  const Table table = PublishedTable(dir);
  const std::string title = kPublishedTitle, markdown = RenderMarkdown(table), latex = RenderLatex(table),
                    html = RenderHtml(Layout(table));
  EXPECT_THAT(markdown, HasSubstr("\n" + title + ":\n\n| method "));
  EXPECT_THAT(markdown, HasSubstr("| stable\\|model | PSNR dB "));
  EXPECT_THAT(latex, HasSubstr("\\end{table}\n\n{\\footnotesize "));
  EXPECT_TRUE(latex.starts_with("% \\usepackage{booktabs,graphicx}\n\\begin{table}\n"))
      << "what a document has to load";
  EXPECT_THAT(latex, HasSubstr("\\begin{table}\n\\caption{" + title + ".}"));
  EXPECT_THAT(latex, HasSubstr("50 steps \\& a GPU & [1] \\\\"));
  EXPECT_THAT(latex, HasSubstr("{\\footnotesize [2] https://b.org/x?y=1\\&z=2\\par}"));
  EXPECT_THAT(html, HasSubstr("<p>" + title + ":</p>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"text\">DeepCache &lt;1&gt;</td>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"https://b.org/x?y=1&amp;z=2\">"));
  const Json json = ParseJson(RenderJson(table), "json");
  ASSERT_EQ(json["published"].size(), 3u);
  EXPECT_EQ(json["published"][0]["measured_here"], *table.rows[1].metrics[0]->value);
  EXPECT_EQ(json["published"][0]["bound"], "about");
  EXPECT_TRUE(json["published"][1]["measured_here"].is_null());
  EXPECT_EQ(json["settings"].size(), table.rows.size());
  // CSV holds a line for each setting and nothing else.
  const std::string csv = RenderCsv(table);
  EXPECT_EQ(std::ranges::count(csv, '\n'), static_cast<std::ptrdiff_t>(table.rows.size() + 1));
  EXPECT_THAT(csv, Not(HasSubstr("DeepCache")));
}

TEST(Published, TerminalHasThemInItsWidth) {
  const TempDir dir;
  const Table table = PublishedTable(dir);
  for (const size_t width : {size_t{60}, size_t{80}, size_t{140}}) {
    const std::string text = RenderTerminal(table, WholeView(table), {.width = width});
    const size_t at = text.find(std::string("\n") + kPublishedTitle + ":\n");
    ASSERT_NE(at, std::string::npos) << text;
    EXPECT_THAT(text, HasSubstr("      50 steps & a GPU\n"));
    EXPECT_THAT(text.substr(at), HasSubstr("  " + MeasuredOf(table, table.published[0]).cell + "  "));  // not cut
    EXPECT_THAT(text.substr(at), HasSubstr("  about 21.5 dB  "));
    EXPECT_THAT(text, HasSubstr("\n  [2] https://b.org/x?y=1&z=2\n"));
    std::istringstream lines(text.substr(at));
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(DisplayWidth(line), std::max(width, size_t{80})) << line;  // names give way, numbers do not
  }
}

TEST(Published, SomeRowsOfManyUntilAllAreAskedFor) {
  const TempDir dir;
  Table table = PublishedTable(dir);
  while (table.published.size() < 10) table.published.push_back(table.published[2]);
  EXPECT_THAT(RenderTerminal(table, WholeView(table), {.width = 80}), HasSubstr("(4 more published rows: --notes)"));
  const std::string all = RenderTerminal(table, WholeView(table), {.width = 80, .all_notes = true});
  EXPECT_THAT(all, Not(HasSubstr("more published rows")));
}

TEST(Published, SeveralResultsSayWhatTheyHaveInCommonOnce) {
  const TempDir one, two, three;
  const TableText a = Layout(PublishedTable(one, false)), b = Layout(PublishedTable(two, false));
  EXPECT_EQ(SideBySide({{"a", a}, {"b", b}}).published.cells, a.published.cells);
  const TableText named = Layout(PublishedTable(three));
  const PublishedText both = SideBySide({{"a", a}, {"b", named}}).published;
  EXPECT_THAT(both.headings,
              ElementsAre("method", "result", "model", "metric", "published", "note", "measured here", "source"));
  ASSERT_EQ(both.cells.size(), 6u);
  EXPECT_EQ(both.cells[0][1], "a");
  EXPECT_EQ(both.cells[2][1], "b");
  EXPECT_EQ(both.cells[2].back(), "https://a.org/paper");
}

TEST(Published, ThePageHasASectionOfThem) {
  const TempDir dir;
  PublishedTable(dir);
  WriteReport(ResultReader::Open(dir / "run"), dir / "report");
  const std::string page = testing::ReadFile(dir / "report/index.html");
  EXPECT_THAT(page, HasSubstr("<li><a href=\"#published\">Published</a></li>"));
  EXPECT_THAT(page, HasSubstr(std::string("<h2 id=\"published\">") + kPublishedTitle));
  EXPECT_THAT(page, HasSubstr("<a href=\"https://b.org/x?y=1&amp;z=2\">"));
}

TEST(Published, AResultThatHoldsSomethingElseSaysSo) {
  RunHeader header = ExampleHeader();
  EXPECT_TRUE(PublishedOf(header).empty());
  header.expanded_config["published"] = Json::array({{{"method", "x"}, {"source", "javascript:alert(1)"}}});
  EXPECT_ERROR(PublishedOf(header), "results of example: published[0].");
}

}  // namespace
}  // namespace skipbench
