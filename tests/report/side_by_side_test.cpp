#include "harness/report/tables/side_by_side.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/json.h"
#include "harness/report/tables/html_table.h"
#include "harness/report/tables/render_table.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TableText Text(const std::string& model, const std::vector<std::string>& settings, const std::string& metric,
               const std::string& value) {
  TableText text;
  text.caption = model;
  text.headings = {"setting", "NFE", metric, "outcome"};
  for (const auto& setting : settings) text.cells.push_back({setting, "25", value, "done"});
  text.notes = {"MACs: of the denoiser.", "took " + value};
  return text;
}

TEST(SideBySide, TheSameSettingOfAllResultsStandsTogether) {
  const TableText joined = SideBySide({{"a", Text("model a", {"full", "half"}, "PSNR dB", "30")},
                                       {"b", Text("model b", {"half", "new"}, "SSIM", "0.9")}});
  EXPECT_THAT(joined.headings, ElementsAre("setting", "result", "NFE", "PSNR dB", "SSIM", "outcome"));
  ASSERT_EQ(joined.cells.size(), 4u);
  EXPECT_THAT(joined.cells[0], ElementsAre("full", "a", "25", "30", "-", "done"));
  EXPECT_THAT(joined.cells[1], ElementsAre("half", "a", "25", "30", "-", "done"));
  EXPECT_THAT(joined.cells[2], ElementsAre("half", "b", "25", "-", "0.9", "done"));
  EXPECT_THAT(joined.cells[3], ElementsAre("new", "b", "25", "-", "0.9", "done"));
  EXPECT_THAT(joined.notes, ElementsAre("MACs: of the denoiser.", "a: took 30", "b: took 0.9"));
  EXPECT_EQ(joined.caption, "a: model a\nb: model b");
  EXPECT_TRUE(joined.more_headings.empty());
}

TEST(SideBySide, WhoseARowIsIsText) {
  const TableText joined = SideBySide(
      {{"a", Text("a: model", {"full"}, "PSNR dB", "30")}, {"b", Text("x: model", {"full"}, "PSNR dB", "31")}});
  EXPECT_EQ(joined.caption, "a: model\nb: x: model");  // the experiment that is called as its folder is named once
  EXPECT_THAT(RenderMarkdown(joined), HasSubstr("| ------- | ------ | --: |"));
  EXPECT_THAT(RenderLatex(joined), HasSubstr("\\begin{tabular}{llrrl}"));
}

TEST(SideBySide, ForATerminalWordsAreBrokenAndNotesCounted) {
  TableText joined =
      SideBySide({{"a", Text("a long model", {"full"}, "PSNR dB", "30")}, {"b", Text("m", {"full"}, "PSNR dB", "31")}});
  EXPECT_EQ(TableWidth(joined), RenderMarkdown(joined).find('\n', RenderMarkdown(joined).find("| full")) -
                                    RenderMarkdown(joined).find("| full"));
  joined.caption += " " + std::string(30, 'x') + " " + std::string(30, 'y');
  const std::string text = RenderNarrow(joined, 40, 1);
  EXPECT_THAT(text, HasSubstr("\n  " + std::string(30, 'y') + "\n"));
  EXPECT_THAT(text, HasSubstr("- MACs: of the denoiser.\n(2 more notes: --notes)\n"));
}

TEST(SideBySide, CsvHasTheColumnsOfAll) {
  EXPECT_EQ(
      SideBySideCsv({{"a", "setting,psnr\n\"x(a=1,b=2)\",30\n"}, {"b,c", "setting,\"odd \"\"name\"\"\"\nfull,\n"}}),
      "result,setting,psnr,\"odd \"\"name\"\"\"\na,\"x(a=1,b=2)\",30,\n\"b,c\",full,,\n");
}

TEST(SideBySide, JsonHoldsEachResult) {
  const Json json = ParseJson(SideBySideJson({{"a", R"({"seed": 1})"}, {"b", R"({"seed": 2})"}}), "json");
  EXPECT_EQ(json["results"][1], (Json{{"result", "b"}, {"seed", 2}}));
}

TEST(HtmlTable, IsOnePageOfEscapedText) {
  const std::string html = RenderHtml(Text("<model>", {"a<b>&\"c\""}, "PSNR dB", "30"));
  EXPECT_THAT(html, HasSubstr("<td class=\"text\">a&lt;b&gt;&amp;"));
  EXPECT_THAT(html, HasSubstr("<p>&lt;model&gt;</p>"));
  EXPECT_THAT(html, HasSubstr("<td>30</td>"));
  EXPECT_THAT(html, HasSubstr("<li>MACs: of the denoiser.</li>"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
}

}  // namespace
}  // namespace skipbench
