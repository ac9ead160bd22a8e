// The manifest itself: every case can be read.
#include "tests/fixtures_dit/dit_cases.h"

#include <set>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(DitManifest, NamesEveryCaseOnceAndItsFiles) {
  const testing::Manifest manifest = testing::LoadManifest("dit", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  std::set<std::pair<std::string, std::string>> names;
  for (const Json& json : manifest.json.at("cases")) {
    const testing::DitCase c{manifest.folder, json};
    SCOPED_TRACE(c.name());
    EXPECT_TRUE(names.emplace(c.kind(), c.name()).second) << "twice";
    EXPECT_TRUE(!json.contains("model") || std::filesystem::is_directory(c.model()));
    if (json.contains("safetensors")) {
      EXPECT_NO_THROW(c.tensors());
    }
  }
  EXPECT_FALSE(names.empty());
}

}  // namespace
}  // namespace skipbench
