#include "harness/io/files/mask_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(MaskFile, EveryFormThatOthersWrite) {
  const auto path = ElementsAre(1, 1, 0, 1, 0);
  EXPECT_THAT(ParseMask("[1, 1, 0, 1, 0]\n", "m").mask, path);
  EXPECT_THAT(ParseMask("[true, true, false, 1, 0]", "m").mask, path);
  EXPECT_THAT(ParseMask("[\n  1, 1, 0,  # warm-up [1, 1, 1]\n  1, 0,\n]\n", "m").mask, path) << "Python";
  EXPECT_THAT(ParseMask("[True, True, False, True, False]", "m").mask, path);
  EXPECT_THAT(ParseMask("DBCacheConfig(Fn_compute_blocks=1, steps_computation_mask=[1,1,0,1,0], "
                        "steps_computation_policy='static')",
                        "m")
                  .mask,
              path);
  EXPECT_THAT(ParseMask("cache_config:\n  steps_computation_mask: [1, 1, 0, 1, 0]\n", "m").mask, path) << "YAML";
  EXPECT_THAT(ParseMask("{\"steps_computation_mask\": [1, 1, 0, 1, 0]}", "m").mask, path);
  EXPECT_THAT(ParseMask("11010\n", "m").mask, path);
  const MaskFile ours = ParseMask("{\"mask\": [1, 1, 0, 1, 0], \"setting\": \"greedy_search(skips=2)\"}", "m");
  EXPECT_THAT(ours.mask, path);
  EXPECT_EQ(ours.name, "greedy_search(skips=2)");
  const MaskFile python = ParseMask("# A path.\n# Setting: sada(delta=1)\nMASK = [1, 1, 0, 1, 0]\nx = y[0]\n", "m");
  EXPECT_THAT(python.mask, path);
  EXPECT_EQ(python.name, "sada(delta=1)");
}

TEST(MaskFile, ErrorsNameFileAndEntry) {
  const auto error = [](const std::string& text) -> std::string {
    try {
      ParseMask(text, "m.json");
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error("[1, 2, 0]"), "m.json: entry 1: expected 1 (run the network) or 0 (skip), found 2");
  EXPECT_EQ(error("[1, \"0\"]"), "m.json: entry 1: expected 1 (run the network) or 0 (skip), found \"0\"");
  EXPECT_EQ(error("[0, 1]"), "m.json: the first call must run the network (entry 0 must be 1)");
  EXPECT_EQ(error("[]"), "m.json: expected a list of 0 and 1, one a scheduler call, found an empty list");
  EXPECT_EQ(error("{\"mask\": 3}"), "m.json: mask: expected a list of 0 and 1, one a scheduler call, found number");
  EXPECT_EQ(error("{\"path\": [1]}"),
            "m.json: expected the key \"mask\" or \"steps_computation_mask\" with a list of 0 and 1");
  for (const char* text : {"", "mask = [1, 2]", "steps_mask(compute_bins=[4, 2], cache_bins=[2, 3])", "[[[[", "[1, 0"})
    EXPECT_THAT(error(text), HasSubstr("m.json: expected a list of 0 and 1")) << text;
  EXPECT_EQ(error("a = [1, 0]\nb = [1, 1]"), "m.json: holds several lists of 0 and 1; one is expected");
  EXPECT_THAT(error("{\"mask\": [1, 0]"), HasSubstr("m.json"));
  const testing::TempDir dir;
  EXPECT_THROW(ReadMaskFile(dir / "nothing"), Error);
  testing::WriteFile(dir / "large", std::string((1 << 20) + 1, '1'));
  EXPECT_THROW(ReadMaskFile(dir / "large"), Error);
}

}  // namespace
}  // namespace skipbench
