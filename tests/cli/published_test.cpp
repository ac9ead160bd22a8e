// Published numbers: what a config may say, that a result carries them, and that nothing else depends on them.
#include "harness/store/published.h"

#include <gmock/gmock.h>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunConfig;
using testing::Skipbench;
using testing::TempDir;
using testing::WriteFile;

Json Row(const std::string& method, Json more = Json::object()) {
  Json row = {{"method", method}, {"model", "m"}, {"metric", "psnr"}, {"value", 30.5}, {"source", "https://a.org"}};
  row.update(more);
  return row;
}

std::string ErrorOf(const TempDir& dir, const Json& published) {
  Json config = testing::SmallConfig(1, 2);
  config["published"] = published;
  const auto result = RunConfig(dir, config, "out", {"--dry-run"});
  EXPECT_EQ(result.exit_code, 3) << result.out;
  return result.err;
}

TEST(PublishedConfig, ErrorsNameFileRowAndKey) {
  const TempDir dir;
  const std::string config = (dir / "config.json").string(), rows = (dir / "rows.json").string();
  EXPECT_THAT(ErrorOf(dir, "nowhere.json"),
              HasSubstr(config + ": published: " + (dir / "nowhere.json").string() + ": no such file"));
  EXPECT_THAT(ErrorOf(dir, 7), HasSubstr(config + ": published: expected a row or the path of a file of rows"));
  EXPECT_THAT(ErrorOf(dir, {Row("a"), Row("b", {{"sourse", "https://b.org"}})}),
              HasSubstr(config + ": published[1].sourse: unknown key"));
  EXPECT_THAT(ErrorOf(dir, {Row("a", {{"metrc", "x"}})}), HasSubstr("did you mean \"metric\"?"));
  EXPECT_THAT(ErrorOf(dir, Row("a", {{"value", "30"}})), HasSubstr("published.value: expected a number"));
  EXPECT_THAT(ErrorOf(dir, Row("a", {{"bound", "atleast"}})), HasSubstr("did you mean \"at_least\"?"));
  EXPECT_THAT(ErrorOf(dir, Row("")), HasSubstr("published.method: expected text, found an empty one"));
  for (const char* source : {"http://a.org", "a.org", "https://", "https://a.org/\" onclick=", "javascript:alert(1)"})
    EXPECT_THAT(ErrorOf(dir, Row("a", {{"source", source}})),
                HasSubstr("published.source: expected an address that begins with https://"))
        << source;
  Json incomplete = Row("a");
  incomplete.erase("value");
  EXPECT_THAT(ErrorOf(dir, incomplete), HasSubstr("published.value: missing"));
  WriteFile(rows, Json::array({Row("a"), Row("b", {{"model", 1}})}).dump());
  EXPECT_THAT(ErrorOf(dir, "rows.json"), HasSubstr(rows + ": [1].model: expected "));
  WriteFile(rows, R"({"rows": []})");
  EXPECT_THAT(ErrorOf(dir, {"rows.json"}), HasSubstr(rows + ": the whole file: expected a list of published rows"));
}

TEST(PublishedConfig, AResultCarriesThemAndNothingElseDependsOnThem) {
  const TempDir dir;
  Json config = testing::SmallConfig(2, 4);
  WriteFile(dir / "rows.json", "// rows\n" + Json::array({Row("A", {{"setting", "fewer_steps(steps=5)"}})}).dump());
  config["methods"][2]["steps"] = 2;
  ASSERT_EQ(RunConfig(dir, config, "before").exit_code, 0);
  config["published"] = {"rows.json", Row("B", {{"bound", "at_most"}, {"setting", "fewer_steps(steps=2)"}})};
  const auto run = RunConfig(dir, config, "run");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("published: the run has no setting \"fewer_steps(steps=5)\", which a row of A names; "
                                 "did you mean \"fewer_steps(steps=2)\"?"));
  EXPECT_THAT(run.out, HasSubstr("Published by others, not measured here:"));
  EXPECT_THAT(run.out, HasSubstr("at most 30.5"));
  std::filesystem::remove(dir / "rows.json");
  const auto rows = PublishedOf(ResultReader::Open(dir / "run").header());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].method, "A");
  EXPECT_EQ(rows[1].bound, "at_most");
  const Json table = ParseJson(Skipbench({"table", (dir / "run").string(), "--format", "json"}).out, "table");
  EXPECT_TRUE(table["published"][0]["measured_here"].is_null());
  EXPECT_EQ(table["published"][1]["measured_here"], table["settings"].back()["metrics"]["psnr"]["mean"]);
  EXPECT_THAT(Skipbench({"verdict", (dir / "run").string()}).out, Not(HasSubstr("ublished")));
  // The same run with and without: compared, resumed, extended.
  const auto compare = Skipbench({"compare", (dir / "before").string(), (dir / "run").string()});
  EXPECT_THAT(compare.out, Not(HasSubstr("not comparable")));
  EXPECT_NE(compare.exit_code, 4) << compare.out;
  EXPECT_EQ(testing::Differences(dir / "before", dir / "run"), "");
  config["published"] = Row("C");
  const auto resumed = RunConfig(dir, config, "run", {"--resume"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  const auto extended = RunConfig(dir, config, "extended", {"--extend", (dir / "before").string()});
  EXPECT_EQ(extended.exit_code, 0) << extended.err;
  EXPECT_EQ(ResultReader::Open(dir / "extended").TotalCost().evaluations, 0);
}

// Different rows are no reason why shards cannot be joined.
TEST(PublishedConfig, ShardsAreJoinedWhateverTheySay) {
  const TempDir dir;
  Json config = testing::SmallConfig(2, 2);
  config["published"] = Row("A");
  ASSERT_EQ(RunConfig(dir, config, "s0", {"--shard", "0/2"}).exit_code, 0);
  config.erase("published");
  ASSERT_EQ(RunConfig(dir, config, "s1", {"--shard", "1/2"}).exit_code, 0);
  const auto merged =
      Skipbench({"merge", (dir / "s0").string(), (dir / "s1").string(), "--out", (dir / "all").string()});
  EXPECT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_EQ(PublishedOf(ResultReader::Open(dir / "all").header()).size(), 1u);
}

}  // namespace
}  // namespace skipbench
