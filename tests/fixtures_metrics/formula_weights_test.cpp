#include "tests/support/formula_weights.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <bit>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(FormulaWeights, WorkedValues) {
  const testing::Manifest manifest = testing::LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  int checked = 0;
  for (const auto& [id, entry] : manifest.json.at("cases").items()) {
    if (entry.at("kind") != "weights") continue;
    SCOPED_TRACE(id);
    for (const auto& file : entry.at("files").get<std::vector<std::string>>()) {
      const Json formula = ReadJsonFile(manifest.folder / file);
      for (const Json& row : formula.at("worked")) {
        const auto name = row.at("name").get<std::string>();
        SCOPED_TRACE(name);
        const auto shape = row.at("shape").get<std::vector<int64_t>>();
        const auto k = row.at("k").get<int64_t>();
        const auto salt = row.at("salt").get<uint32_t>();
        EXPECT_EQ(testing::Crc32(name), row.at("crc32").get<uint32_t>());
        EXPECT_EQ(testing::RoleOf(name, shape), row.at("role").get<std::string>());
        EXPECT_EQ(static_cast<double>(testing::FormulaUnit(name, k, salt)), row.at("unit").get<double>());
        const float value = testing::FormulaTensor(name, shape, row.at("role"), salt).const_data_ptr<float>()[k];
        EXPECT_EQ(fmt::format("{:#010x}", std::bit_cast<uint32_t>(value)), row.at("value_hex").get<std::string>());
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace skipbench
